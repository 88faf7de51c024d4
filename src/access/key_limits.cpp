#include <tidegate/access/key_limits.h>

namespace tidegate::access {
namespace {

// Nobody knows when a request in progress ends.
constexpr Duration kSoon = std::chrono::seconds{1};

}  // namespace

Permit& Permit::operator=(Permit&& other) noexcept {
    std::swap(limit_, other.limit_);
    return *this;
}

void Permit::release() {
    if (limit_ != nullptr)
        limit_->leave();
    limit_ = nullptr;
}

Admission KeyLimit::admit(const Limits& limits, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    if (limits.concurrent && in_flight_ >= *limits.concurrent)
        return {.permit = {}, .limit = "concurrent", .retry_after = kSoon};
    if (limits.requests_per_minute && !requests_.try_take(1, *limits.requests_per_minute, now)) {
        const std::optional<Duration> wait = requests_.wait(1, *limits.requests_per_minute, now);
        return {.permit = {}, .limit = "requests_per_minute", .retry_after = wait.value_or(kSoon)};
    }
    ++in_flight_;
    return {.permit = Permit(this), .limit = {}};
}

bool KeyLimit::try_take_tokens(std::int64_t tokens, std::int64_t per_minute, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    return tokens_.try_take(tokens, per_minute, now);
}

void KeyLimit::give_back_tokens(std::int64_t tokens) {
    const std::lock_guard lock(mutex_);
    tokens_.give_back(tokens);
}

std::optional<Duration> KeyLimit::wait_for_tokens(std::int64_t tokens, std::int64_t per_minute,
                                                  SteadyTime now) {
    const std::lock_guard lock(mutex_);
    return tokens_.wait(tokens, per_minute, now);
}

std::int64_t KeyLimit::in_flight() const {
    const std::lock_guard lock(mutex_);
    return in_flight_;
}

void KeyLimit::leave() {
    const std::lock_guard lock(mutex_);
    --in_flight_;
}

KeyLimit& KeyLimits::of(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = limits_.find(name);
    if (found != limits_.end())
        return *found->second;
    return *limits_.emplace(std::string(name), std::make_unique<KeyLimit>()).first->second;
}

}  // namespace tidegate::access
