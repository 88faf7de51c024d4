#include "app/commands.h"
#include "app/gateway.h"
#include "app/signals.h"
#include "app/version.h"

#include <tidegate/base/log.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

namespace tidegate::app {
namespace {

// Every connection costs a descriptor or two; the soft limit of most systems is 1024.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void write_ports(const std::string& path, const Gateway& gateway) {
    // Renamed into place, so that a reader never sees half of it.
    const std::string temporary = path + ".new";
    std::ofstream(temporary) << R"({"api": ")" << gateway.api_address() << R"(", "admin": ")"
                             << gateway.admin_address() << "\"}\n";
    std::rename(temporary.c_str(), path.c_str());
}

// Waits for the signals that end the process; the others are handled on the way.
void wait_for_end(const sigset_t& signals, Gateway& gateway) {
    while (wait_for_signal(signals) == SIGHUP) gateway.reload();
}

// A second signal while it drains ends the process at once.
void drain(const sigset_t& signals, Gateway& gateway) {
    log::info("app", "draining; a second signal ends at once");
    std::thread([signals] {
        while (wait_for_signal(signals) == SIGHUP) {
        }
        std::_Exit(EXIT_FAILURE);
    }).detach();
    gateway.drain();
}

}  // namespace

int serve(const cli::ServeOptions& options) {
    const sigset_t signals = block_signals();
    raise_descriptor_limit();
    const bool terminal = isatty(STDERR_FILENO) != 0;
    log::start(log::Level::info, terminal ? log::Format::text : log::Format::json);
    int status = EXIT_SUCCESS;
    {
        Gateway gateway(options.config);
        if (const auto started = gateway.start(); !started) {
            std::fprintf(stderr, "%s\n", started.error().text().c_str());
            status = EXIT_FAILURE;
        } else {
            log::info("app", "tidegate {} ({}) serves on {}, admin on {}", kVersion, kRevision,
                      gateway.api_address(), gateway.admin_address());
            if (options.ports_file)
                write_ports(*options.ports_file, gateway);
            wait_for_end(signals, gateway);
            drain(signals, gateway);
        }
    }
    log::stop();
    return status;
}

}  // namespace tidegate::app
