// The command line: `tidegate serve`, `tidegate call show ID`, …
#pragma once

#include <tidegate/base/clock.h>

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace tidegate::cli {

// What the program exits with, besides what the commands of `Commands` return.
constexpr int kOk = 0;
constexpr int kRefused = 1;      // the gateway was asked, and the answer is no, or an error
constexpr int kUnreachable = 3;  // no gateway at TIDEGATE_ADMIN
constexpr int kWrongUsage = 64;  // of the command line or its environment, everywhere

struct ServeOptions {
    std::string config;                     // path
    std::optional<std::string> ports_file;  // where to write the addresses that were bound
};
struct CheckOptions {
    std::string config;
};
struct SimulateOptions {
    std::string listen;     // "127.0.0.1:8181"
    std::string behaviour;  // directives of the simulator; may be empty
};

// What starts something, handed in from `app`. Each returns the exit status.
struct Commands {
    std::function<int(const ServeOptions&)> serve;
    std::function<int(const CheckOptions&)> check;
    std::function<int(const SimulateOptions&)> simulate;
    std::string version;  // "0.1.0 (abcdef0)"
};

// What surrounds a run, so that tests can give their own.
struct Surroundings {
    std::ostream& out;
    std::ostream& err;
    std::function<std::optional<std::string>(const char* name)> environment;
    const Clock& clock;
};

// The exit status. Reads TIDEGATE_ADMIN (default http://127.0.0.1:9900) and TIDEGATE_TOKEN.
int run(int argc, const char* const* argv, const Commands& commands);
int run(int argc, const char* const* argv, const Commands& commands, const Surroundings& surroundings);

}  // namespace tidegate::cli
