// What an operator may say about the simulator.
//
//   providers:
//     demo:
//       dialect: simulator
//       simulator:                                  # all optional
//         behaviour: "latency=300ms~80ms, rate=60"  # of every answer
//         models: {demo-slow: "first-token=3s"}     # on top, by model name
//         faults: [{share: 2%, behaviour: "status=503"}]   # on top, for a share of requests
#pragma once

#include <tidegate/simulator/behaviour.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tidegate::yaml {
class Cursor;
}

namespace tidegate::simulator {

// Immutable once given to a Simulator.
struct Options {
    struct Faulty {
        int share = 0;               // of all requests, in hundredths of a percent
        std::string behaviour = {};  // directives

        bool operator==(const Faulty&) const = default;
    };

    std::string address = "127.0.0.1";  // loopback unless an operator insists
    std::uint16_t port = 0;             // 0: chosen by the kernel
    std::string behaviour = {};         // directives of every answer
    // Directives by model name, and the names that /v1/models lists.
    std::map<std::string, std::string> models = {};
    std::vector<Faulty> faults = {};  // which requests: by their hash and their number
    std::size_t keep = 100;           // requests remembered for /simulator/last
    bool fixed_time = false;          // `created` is always 1,700,000,000, so that answers compare equal

    bool operator==(const Options&) const = default;
};

// Reads the value of `simulator:`; absent is the default. Wrong directives are problems at their place.
Options parse_options(const yaml::Cursor& at);

}  // namespace tidegate::simulator
