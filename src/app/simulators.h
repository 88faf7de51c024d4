// The simulators that the configuration asks for, kept over reloads that do not change them.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/config/snapshot.h>
#include <tidegate/simulator/simulator.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::app {

// One thread at a time.
class Simulators {
  public:
    explicit Simulators(const Clock& clock) : clock_(clock) {}

    // Starts those that are new or changed, and says where all of them listen. Throws what Simulator throws.
    config::SimulatorAddresses start(const std::map<std::string, simulator::Options>& wanted);

  private:
    struct Running {
        simulator::Options options;
        std::unique_ptr<simulator::Simulator> simulator;
    };
    // Replaced ones answer the calls that began before, so they stay for a while.
    struct Replaced {
        SteadyTime since;
        std::unique_ptr<simulator::Simulator> simulator;
    };

    const Clock& clock_;
    std::map<std::string, Running> running_;
    std::vector<Replaced> replaced_;
};

}  // namespace tidegate::app
