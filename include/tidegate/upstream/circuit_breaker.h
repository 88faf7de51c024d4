// Keeps requests away from a provider's model that fails, and finds out gently when it is back.
#pragma once

#include <tidegate/base/clock.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>

namespace tidegate::upstream {

enum class CircuitState { closed, open, half_open };
std::string_view to_string(CircuitState state);

// Opens after 5 failures in a row, or when at least half of at least 20 calls of the last 10 s failed. Stays
// open for 5 s, then lets one probe through: success closes it, failure opens it again for twice as long, up to
// 60 s. Any thread.
//
// What is a failure: 408, 429, 5xx, connection errors, timeouts, malformed answers. What is none, nor a
// success: the client's own mistakes (400, 409, 413, 422), cancelled calls - let the admission go unreported.
class CircuitBreaker {
  public:
    static constexpr std::uint32_t kConsecutiveFailures = 5;
    static constexpr std::uint32_t kWindowSeconds = 10;
    static constexpr std::uint32_t kMinimumCalls = 20;
    static constexpr Duration kOpenFor = std::chrono::seconds{5};
    static constexpr Duration kLongestOpen = std::chrono::seconds{60};
    static constexpr Duration kLongestCooldown = std::chrono::minutes{5};  // of a `retry-after`

    // One call let through, or not (false). Report at most once; unreported it counts for nothing and gives a
    // probe's place free. Any thread, one at a time. Outlived by its breaker.
    class Admission {
      public:
        Admission() = default;
        Admission(Admission&& other) noexcept;
        Admission& operator=(Admission&& other) noexcept;
        ~Admission();

        explicit operator bool() const { return breaker_ != nullptr; }
        void success(SteadyTime now);
        // `cooldown`: the provider's `retry-after`, capped at 5 min; not positive: none. Keeps the breaker open
        // at least as long; a shorter one never cuts a longer one.
        void failure(SteadyTime now, Duration cooldown = Duration::zero());

      private:
        friend class CircuitBreaker;
        Admission(CircuitBreaker* breaker, bool probe) : breaker_(breaker), probe_(probe) {}

        CircuitBreaker* breaker_ = nullptr;
        bool probe_ = false;
    };

    CircuitBreaker() = default;
    CircuitBreaker(const CircuitBreaker&) = delete;
    CircuitBreaker& operator=(const CircuitBreaker&) = delete;

    Admission admit(SteadyTime now);
    // For metrics.
    CircuitState state(SteadyTime now) const;
    // Until the next probe, zero if one may go now.
    Duration wait(SteadyTime now) const;

  private:
    void add(SteadyTime now, bool failed);
    bool should_open(SteadyTime now) const;
    void close();
    void open_until(std::int64_t until);
    Duration next_open_time();

    static constexpr std::int64_t kClosed = 0;

    std::atomic<std::int64_t> open_until_{kClosed};  // steady nanoseconds
    std::atomic<bool> probing_{false};
    std::atomic<std::uint32_t> consecutive_{0};
    std::atomic<std::uint32_t> reopened_{0};  // probes that failed since it was closed
    std::array<std::atomic<std::uint64_t>, kWindowSeconds>
        window_{};  // a second each: its number, calls, failures
};

// All of the process. They survive reloads, so that a reload does not send a storm to a provider that is down.
class CircuitBreakers {
  public:
    // Made at the first call; the reference stays valid. Takes a lock: keep the reference in the snapshot.
    CircuitBreaker& of(std::string_view provider, std::string_view model);

  private:
    std::shared_mutex mutex_;
    std::map<std::pair<std::string, std::string>, std::unique_ptr<CircuitBreaker>, std::less<>> breakers_;
};

}  // namespace tidegate::upstream
