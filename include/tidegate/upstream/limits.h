// Bounds of the whole process on what goes out: second tries, and requests in flight to a provider.
#pragma once

#include <tidegate/base/clock.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace tidegate::upstream {

// Second tries may be at most 20 % of the requests of the last 10 s, or 3 if that is more. Any thread.
class RetryBudget {
  public:
    static constexpr std::int64_t kWindowSeconds = 10;
    static constexpr std::uint64_t kPercent = 20;
    static constexpr std::uint64_t kFloor = 3;

    // Counts a first try.
    void request(SteadyTime now);
    // Takes one second try out of the budget, or says that there is none.
    bool try_take(SteadyTime now);

  private:
    std::array<std::atomic<std::uint64_t>, kWindowSeconds> requests_{};  // a second each: its number, requests
    std::mutex mutex_;                                                   // second tries are rare
    std::array<std::uint64_t, kWindowSeconds> retries_{};
};

// Requests in flight. The bound is given with each request, so that a reload changes it at once. Any thread.
class ConcurrencyLimit {
  public:
    // One request; gives its place back when destroyed. Outlived by its limit.
    class Permit {
      public:
        Permit() = default;
        Permit(Permit&& other) noexcept : limit_(other.limit_) { other.limit_ = nullptr; }
        Permit& operator=(Permit&& other) noexcept;
        ~Permit() { release(); }
        // False: the bound is reached, answer `overloaded` at once.
        explicit operator bool() const { return limit_ != nullptr; }
        void release();

      private:
        friend class ConcurrencyLimit;
        explicit Permit(ConcurrencyLimit* limit) : limit_(limit) {}
        ConcurrencyLimit* limit_ = nullptr;
    };

    ConcurrencyLimit() = default;
    ConcurrencyLimit(const ConcurrencyLimit&) = delete;
    ConcurrencyLimit& operator=(const ConcurrencyLimit&) = delete;

    // `bound` 0: any number.
    Permit try_acquire(int bound);
    int in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

  private:
    std::atomic<int> in_flight_{0};
};

// By provider (or any other name). They survive reloads.
class ConcurrencyLimits {
  public:
    // Made at the first call; the reference stays valid. Takes a lock: keep the reference in the snapshot.
    ConcurrencyLimit& of(std::string_view name);

  private:
    std::shared_mutex mutex_;
    std::map<std::string, std::unique_ptr<ConcurrencyLimit>, std::less<>> limits_;
};

}  // namespace tidegate::upstream
