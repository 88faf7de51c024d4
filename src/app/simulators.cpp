#include "app/simulators.h"

namespace tidegate::app {
namespace {

constexpr Duration kKeepReplaced = std::chrono::minutes{10};

}  // namespace

config::SimulatorAddresses Simulators::start(const std::map<std::string, simulator::Options>& wanted) {
    const SteadyTime now = clock_.steady();
    std::erase_if(replaced_, [&](const Replaced& replaced) { return now - replaced.since > kKeepReplaced; });
    config::SimulatorAddresses addresses;
    for (const auto& [name, options] : wanted) {
        Running& running = running_[name];
        if (!running.simulator || running.options != options) {
            auto simulator = std::make_unique<simulator::Simulator>(options, clock_);
            if (running.simulator)
                replaced_.push_back({now, std::move(running.simulator)});
            running.simulator = std::move(simulator);
            running.options = options;
        }
        addresses[name] = running.simulator->address();
    }
    return addresses;
}

}  // namespace tidegate::app
