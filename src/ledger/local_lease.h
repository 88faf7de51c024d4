// This process's side of one lease: how much of it is free.
#pragma once

#include "ledger/time_zone.h"

#include <tidegate/base/clock.h>
#include <tidegate/base/money.h>
#include <tidegate/ledger/reservation.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

namespace tidegate::ledger {

// amount = free + set aside + settled. Any thread, without a lock; exact. Lives as long as its account, because
// reservations point to it.
class LocalLease {
  public:
    LocalLease(LeaseId id, const Month& month, Duration deadline)
        : id_(id), month_(month), deadline_(deadline.count()) {}

    LeaseId id() const { return id_; }
    const Month& month() const { return month_; }

    // A call that begins now, lasts up to `longest` and is settled then, is settled before the lease's end.
    bool covers(WallTime wall, Duration boot, Duration longest) const {
        return month_.contains(wall) && holds_until(boot + longest);
    }
    bool holds_until(Duration boot) const { return boot < deadline(); }
    Duration deadline() const { return Duration{deadline_.load(std::memory_order_relaxed)}; }
    void set_deadline(Duration deadline) { deadline_.store(deadline.count(), std::memory_order_relaxed); }

    // Sets `amount` aside, if so much is free.
    bool take(NanoDollars amount) {
        std::int64_t free = free_.load(std::memory_order_acquire);
        while (free >= amount.count()) {
            if (free_.compare_exchange_weak(free, free - amount.count(), std::memory_order_acq_rel))
                return true;
        }
        return false;
    }
    // Makes free what was set aside or granted.
    void put(NanoDollars amount) {
        if (!ended())
            free_.fetch_add(amount.count(), std::memory_order_acq_rel);
    }
    // Sets all that is free aside.
    NanoDollars drain() {
        std::int64_t free = free_.load(std::memory_order_acquire);
        while (free > 0 && !free_.compare_exchange_weak(free, 0, std::memory_order_acq_rel)) {
        }
        return NanoDollars{std::max<std::int64_t>(free, 0)};
    }
    // Nothing can be taken any more. Returns what was free.
    NanoDollars end() {
        ended_.store(true, std::memory_order_release);
        const std::int64_t free = free_.exchange(kEnded, std::memory_order_acq_rel);
        return NanoDollars{std::max<std::int64_t>(free, 0)};
    }
    bool ended() const { return ended_.load(std::memory_order_acquire); }

    void enlarge(NanoDollars by) { amount_.fetch_add(by.count(), std::memory_order_relaxed); }
    void add_settled(NanoDollars cost) { settled_.fetch_add(cost.count(), std::memory_order_relaxed); }
    NanoDollars amount() const { return NanoDollars{amount_.load(std::memory_order_relaxed)}; }
    NanoDollars free() const {
        return NanoDollars{std::max<std::int64_t>(free_.load(std::memory_order_relaxed), 0)};
    }
    // Free or set aside.
    NanoDollars rest() const { return amount() - NanoDollars{settled_.load(std::memory_order_relaxed)}; }

    void touch(Duration boot) { last_use_.store(boot.count(), std::memory_order_relaxed); }
    Duration last_use() const { return Duration{last_use_.load(std::memory_order_relaxed)}; }

  private:
    // What is put back late does not make it positive.
    static constexpr std::int64_t kEnded = std::numeric_limits<std::int64_t>::min() / 2;

    const LeaseId id_;
    const Month month_;
    std::atomic<std::int64_t> free_{0};
    std::atomic<std::int64_t> amount_{0};
    std::atomic<std::int64_t> settled_{0};
    std::atomic<std::int64_t> deadline_;     // nanoseconds since boot
    std::atomic<std::int64_t> last_use_{0};  // nanoseconds since boot
    std::atomic<bool> ended_{false};
};

}  // namespace tidegate::ledger
