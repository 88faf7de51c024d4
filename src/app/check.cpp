#include "app/commands.h"
#include "app/version.h"

#include <tidegate/config/snapshot.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/store/store.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace tidegate::app {
namespace {

// Hashes are compared only with a store that exists: a check must not make one.
Result<std::map<std::string, std::string>> served_hashes(const std::string& url, const Clock& clock,
                                                         bool& compared) {
    const std::string path = url.substr(url.find(':') + 1);
    std::error_code error;
    if (!std::filesystem::exists(path, error))
        return std::map<std::string, std::string>{};
    auto store = store::open_store(url, clock);
    if (!store)
        return std::map<std::string, std::string>{};
    auto hashes = (*store)->served_hashes();
    if (hashes)
        compared = true;
    return hashes;
}

}  // namespace

int check(const cli::CheckOptions& options) {
    const SystemClock clock;
    metrics::Metrics metrics(kVersion, kRevision);
    calls::ProcessLimits limits;
    bool compared = false;
    const config::Context context{
        .metrics = metrics,
        .limits = limits,
        .served_hashes = [&](const std::string& url) { return served_hashes(url, clock, compared); },
        .start_simulators = [](const auto&) { return config::SimulatorAddresses{}; },
    };
    const config::Loaded loaded = config::load(options.config, context);
    std::fputs(loaded.problems.text().c_str(), stderr);
    if (!loaded.snapshot)
        return EXIT_FAILURE;
    std::printf(
        "%s is valid: %zu features. %s\n", options.config.c_str(), loaded.snapshot->features->features.size(),
        compared ? "Prompts were compared with what the store has served."
                 : "The store could not be reached, so prompts were not compared with what was served.");
    return EXIT_SUCCESS;
}

}  // namespace tidegate::app
