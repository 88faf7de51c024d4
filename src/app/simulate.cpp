#include "app/commands.h"
#include "app/signals.h"

#include <tidegate/base/log.h>
#include <tidegate/simulator/simulator.h>

#include <cstdio>
#include <cstdlib>

namespace tidegate::app {

int simulate(const cli::SimulateOptions& options) {
    const sigset_t signals = block_signals();
    log::start(log::Level::info, log::Format::text);
    simulator::Options simulated;
    const auto colon = options.listen.rfind(':');
    simulated.address = options.listen.substr(0, colon);
    simulated.port = static_cast<std::uint16_t>(std::atoi(options.listen.c_str() + colon + 1));
    simulated.behaviour = options.behaviour;
    const SystemClock clock;
    int status = EXIT_SUCCESS;
    try {
        const simulator::Simulator simulator(simulated, clock);
        std::printf("the simulator listens on %s\n", simulator.address().c_str());
        std::fflush(stdout);
        while (wait_for_signal(signals) == SIGHUP) {
        }
    } catch (const std::exception& exception) {
        std::fprintf(stderr, "%s\n", exception.what());
        status = EXIT_FAILURE;
    }
    log::stop();
    return status;
}

}  // namespace tidegate::app
