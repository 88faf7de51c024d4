#include <tidegate/upstream/limits.h>

#include <algorithm>
#include <utility>

namespace tidegate::upstream {
namespace {

// A second of the window in one word: its number above, the count below.
constexpr int kSecondShift = 32;
constexpr std::uint64_t kCountMask = 0xffff'ffffU;

// Never 0, which is an empty slot.
std::uint64_t second_of(SteadyTime time) {
    return static_cast<std::uint64_t>(
               std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count()) +
           1;
}

// The slot's count, if it is of the window that ends in `second`.
std::uint64_t count_in(std::uint64_t slot, std::uint64_t second, std::uint64_t window) {
    const std::uint64_t of = slot >> kSecondShift;
    return of <= second && second - of < window ? slot & kCountMask : 0;
}

}  // namespace

void RetryBudget::request(SteadyTime now) {
    const std::uint64_t second = second_of(now);
    std::atomic<std::uint64_t>& slot = requests_[second % kWindowSeconds];
    std::uint64_t old = slot.load(std::memory_order_relaxed);
    std::uint64_t next = 0;
    do {
        next = (old >> kSecondShift == second ? old : second << kSecondShift) + 1;
    } while (!slot.compare_exchange_weak(old, next, std::memory_order_relaxed));
}

bool RetryBudget::try_take(SteadyTime now) {
    const std::uint64_t second = second_of(now);
    const std::lock_guard lock(mutex_);
    std::uint64_t requests = 0;
    std::uint64_t retries = 0;
    for (const auto& slot : requests_)
        requests += count_in(slot.load(std::memory_order_relaxed), second, kWindowSeconds);
    for (const std::uint64_t slot : retries_) retries += count_in(slot, second, kWindowSeconds);
    if (retries >= std::max(kFloor, requests * kPercent / 100))
        return false;
    std::uint64_t& slot = retries_[second % kWindowSeconds];
    slot = (slot >> kSecondShift == second ? slot : second << kSecondShift) + 1;
    return true;
}

ConcurrencyLimit::Permit& ConcurrencyLimit::Permit::operator=(Permit&& other) noexcept {
    std::swap(limit_, other.limit_);
    return *this;
}

void ConcurrencyLimit::Permit::release() {
    if (limit_ != nullptr)
        limit_->in_flight_.fetch_sub(1);
    limit_ = nullptr;
}

ConcurrencyLimit::Permit ConcurrencyLimit::try_acquire(int bound) {
    int old = in_flight_.load();
    do {
        if (bound > 0 && old >= bound)
            return {};
    } while (!in_flight_.compare_exchange_weak(old, old + 1));
    return Permit(this);
}

ConcurrencyLimit& ConcurrencyLimits::of(std::string_view name) {
    {
        const std::shared_lock lock(mutex_);
        if (const auto found = limits_.find(name); found != limits_.end())
            return *found->second;
    }
    const std::unique_lock lock(mutex_);
    std::unique_ptr<ConcurrencyLimit>& limit = limits_[std::string(name)];
    if (!limit)
        limit = std::make_unique<ConcurrencyLimit>();
    return *limit;
}

}  // namespace tidegate::upstream
