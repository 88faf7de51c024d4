// What the parts of one ledger share.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/ledger/ledger.h>
#include <tidegate/store/ledger_store.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

namespace tidegate::ledger {

// Far above any budget, far enough below what 64 bits hold that sums of a few do not overflow.
inline constexpr NanoDollars kMostMoney{1'000'000'000'000'000'000};

struct Counters {
    std::atomic<std::uint64_t> leases{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> late{0};
    std::atomic<std::uint64_t> above_bound{0};
    std::atomic<std::uint64_t> lost_leases{0};
    std::atomic<std::uint64_t> forfeits{0};
    std::atomic<std::uint64_t> levels{0};
};

struct Context {
    store::LedgerStore& store;
    const Clock& clock;
    const LedgerOptions options;
    const std::string owner;                 // another one each start
    std::atomic<std::int64_t> longest_call;  // nanoseconds
    Counters counters;

    Context(store::LedgerStore& the_store, const Clock& the_clock, LedgerOptions the_options)
        : store(the_store),
          clock(the_clock),
          options(std::move(the_options)),
          owner(CallId::make(the_clock.wall()).to_string()),
          longest_call(options.longest_call.count()) {}

    Duration longest() const { return Duration{longest_call.load(std::memory_order_relaxed)}; }
    Duration lifetime() const { return std::max(2 * longest(), options.shortest_lease); }
};

}  // namespace tidegate::ledger
