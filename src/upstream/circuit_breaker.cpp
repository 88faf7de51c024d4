#include <tidegate/upstream/circuit_breaker.h>

#include <algorithm>
#include <mutex>

namespace tidegate::upstream {
namespace {

// A second of the window in one word, so that it is counted and replaced at once: its number, calls, failures.
constexpr int kSecondShift = 40;
constexpr int kCallsShift = 20;
constexpr std::uint64_t kCountMask = (1U << 20) - 1;

std::int64_t nanos(SteadyTime time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

// Never 0, which is an empty slot.
std::uint64_t second_of(SteadyTime time) {
    return (static_cast<std::uint64_t>(nanos(time)) / 1'000'000'000U + 1) & ((1U << 24) - 1);
}

}  // namespace

std::string_view to_string(CircuitState state) {
    switch (state) {
        case CircuitState::closed:
            return "closed";
        case CircuitState::open:
            return "open";
        case CircuitState::half_open:
            return "half_open";
    }
    return "open";
}

CircuitBreaker::Admission::Admission(Admission&& other) noexcept
    : breaker_(std::exchange(other.breaker_, nullptr)), probe_(other.probe_) {}

CircuitBreaker::Admission& CircuitBreaker::Admission::operator=(Admission&& other) noexcept {
    std::swap(breaker_, other.breaker_);
    std::swap(probe_, other.probe_);
    return *this;
}

CircuitBreaker::Admission::~Admission() {
    if (breaker_ != nullptr && probe_)
        breaker_->probing_.store(false);
}

void CircuitBreaker::Admission::success(SteadyTime now) {
    CircuitBreaker* const breaker = std::exchange(breaker_, nullptr);
    if (breaker == nullptr)
        return;
    if (probe_) {
        breaker->close();
        breaker->probing_.store(false);
        return;
    }
    breaker->consecutive_.store(0);
    breaker->add(now, false);
}

void CircuitBreaker::Admission::failure(SteadyTime now, Duration cooldown) {
    CircuitBreaker* const breaker = std::exchange(breaker_, nullptr);
    if (breaker == nullptr)
        return;
    if (cooldown > Duration::zero())
        breaker->open_until(nanos(now) + std::min(cooldown, kLongestCooldown).count());
    if (probe_) {
        breaker->open_until(nanos(now) + breaker->next_open_time().count());
        breaker->probing_.store(false);
        return;
    }
    breaker->consecutive_.fetch_add(1);
    breaker->add(now, true);
    if (!breaker->should_open(now))
        return;
    // Calls that began before it opened, and fail now, do not prolong it.
    std::int64_t expected = kClosed;
    breaker->open_until_.compare_exchange_strong(expected, nanos(now) + kOpenFor.count());
}

CircuitBreaker::Admission CircuitBreaker::admit(SteadyTime now) {
    for (;;) {
        const std::int64_t until = open_until_.load();
        if (until == kClosed)
            return {this, false};
        if (nanos(now) < until || probing_.exchange(true))
            return {};
        // The probe before this one may have changed the state in between.
        if (open_until_.load() == until)
            return {this, true};
        probing_.store(false);
    }
}

CircuitState CircuitBreaker::state(SteadyTime now) const {
    const std::int64_t until = open_until_.load();
    if (until == kClosed)
        return CircuitState::closed;
    return nanos(now) < until ? CircuitState::open : CircuitState::half_open;
}

Duration CircuitBreaker::wait(SteadyTime now) const {
    const std::int64_t until = open_until_.load();
    return until == kClosed ? Duration::zero() : std::max(Duration::zero(), Duration{until - nanos(now)});
}

void CircuitBreaker::add(SteadyTime now, bool failed) {
    const std::uint64_t second = second_of(now);
    std::atomic<std::uint64_t>& slot = window_[second % kWindowSeconds];
    std::uint64_t old = slot.load(std::memory_order_relaxed);
    std::uint64_t next = 0;
    do {
        const std::uint64_t base = old >> kSecondShift == second ? old : second << kSecondShift;
        if (((base >> kCallsShift) & kCountMask) == kCountMask)
            return;
        next = base + (std::uint64_t{1} << kCallsShift) + (failed ? 1 : 0);
    } while (!slot.compare_exchange_weak(old, next, std::memory_order_relaxed));
}

bool CircuitBreaker::should_open(SteadyTime now) const {
    if (consecutive_.load() >= kConsecutiveFailures)
        return true;
    const std::uint64_t second = second_of(now);
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
    for (const std::atomic<std::uint64_t>& slot : window_) {
        const std::uint64_t value = slot.load(std::memory_order_relaxed);
        const std::uint64_t age = second - (value >> kSecondShift);
        if (age >= kWindowSeconds)
            continue;
        calls += (value >> kCallsShift) & kCountMask;
        failures += value & kCountMask;
    }
    return calls >= kMinimumCalls && failures * 2 >= calls;
}

void CircuitBreaker::close() {
    for (std::atomic<std::uint64_t>& slot : window_) slot.store(0, std::memory_order_relaxed);
    consecutive_.store(0);
    reopened_.store(0);
    open_until_.store(kClosed);
}

// Opens, or keeps open for longer; never for shorter.
void CircuitBreaker::open_until(std::int64_t until) {
    std::int64_t old = open_until_.load();
    while (old < until && !open_until_.compare_exchange_weak(old, until)) {
    }
}

Duration CircuitBreaker::next_open_time() {
    const std::uint32_t times = std::min<std::uint32_t>(reopened_.fetch_add(1) + 1, 8);
    return std::min<Duration>(kOpenFor * (1 << times), kLongestOpen);
}

CircuitBreaker& CircuitBreakers::of(std::string_view provider, std::string_view model) {
    const std::pair<std::string, std::string> key(provider, model);
    {
        const std::shared_lock lock(mutex_);
        if (const auto found = breakers_.find(key); found != breakers_.end())
            return *found->second;
    }
    const std::unique_lock lock(mutex_);
    std::unique_ptr<CircuitBreaker>& breaker = breakers_[key];
    if (!breaker)
        breaker = std::make_unique<CircuitBreaker>();
    return *breaker;
}

}  // namespace tidegate::upstream
