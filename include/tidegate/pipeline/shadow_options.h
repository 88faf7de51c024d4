// `shadow` of a feature: what its shadow lane runs, how often and within which bounds.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/calls/variant.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace tidegate::ledger {
class Account;
}
namespace tidegate::metrics {
struct ShadowSeries;
}
namespace tidegate::upstream {
class ConcurrencyLimit;
}

namespace tidegate::pipeline {

// A variant of the feature as the lane runs it: with a circuit breaker, a retry budget and a concurrency limit
// of the lane's own, so that nothing a run does can be felt by a user's call.
struct ShadowVariant {
    calls::Variant variant;
    std::string hash;                         // of its content
    metrics::ShadowSeries* series = nullptr;  // lives as long as the process
    // Of the users' calls to its provider, to see how busy that is.
    const upstream::ConcurrencyLimit* users = nullptr;
};

// Immutable; shared by snapshots. Pointers to what is process-wide outlive them.
struct ShadowOptions {
    std::size_t candidate = 0;  // index of the variant
    // Shares of the calls, in hundredths of a percent.
    int sample = 1'000;
    int noise_sample = 100;
    Duration timeout = std::chrono::seconds{30};    // of a run
    int concurrent = 20;                            // runs at once, of the process
    double minimum_similarity = 0.5;                // of words, from which on two texts agree
    std::vector<ShadowVariant> variants;            // by index, as the feature's
    upstream::ConcurrencyLimit* running = nullptr;  // of the lane
    ledger::Account* account = nullptr;             // null: metered only
    std::size_t busy_calls = 5'000;  // so many calls in flight in the process, and runs are dropped
};

}  // namespace tidegate::pipeline
