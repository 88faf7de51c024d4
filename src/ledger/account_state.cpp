// The hot path and the figures of an account.
#include "ledger/account_state.h"

#include <tidegate/base/log.h>

#include <limits>

namespace tidegate::ledger {
namespace {

using StateWide = __int128;

constexpr NanoDollars kWithoutCeiling{std::numeric_limits<std::int64_t>::max()};
constexpr Duration kFreshFigures = std::chrono::seconds{1};

}  // namespace

Account::State::State(Context& context, std::string name, AccountKind kind, const AccountOptions& options)
    : context_(context), name_(std::move(name)), kind_(kind) {
    configure(options);
}

LocalLease* Account::State::take(NanoDollars amount) {
    LocalLease* lease = current_.load(std::memory_order_acquire);
    if (lease == nullptr)
        return nullptr;
    const Duration boot = context_.clock.boot();
    if (!lease->covers(context_.clock.wall(), boot, context_.longest()) || !lease->take(amount))
        return nullptr;
    lease->touch(boot);
    reserved_.fetch_add(amount.count(), std::memory_order_relaxed);
    taken_.fetch_add(amount.count(), std::memory_order_relaxed);
    return lease;
}

bool Account::State::take_more(LocalLease& lease, NanoDollars amount) {
    const Duration boot = context_.clock.boot();
    if (!lease.holds_until(boot + context_.longest()) || !lease.take(amount))
        return false;
    lease.touch(boot);
    reserved_.fetch_add(amount.count(), std::memory_order_relaxed);
    taken_.fetch_add(amount.count(), std::memory_order_relaxed);
    return true;
}

void Account::State::put_back(LocalLease* lease, NanoDollars amount) {
    reserved_.fetch_sub(amount.count(), std::memory_order_relaxed);
    if (lease != nullptr)
        lease->put(amount);
}

void Account::State::settle(LocalLease* lease, NanoDollars amount, NanoDollars cost) {
    reserved_.fetch_sub(amount.count(), std::memory_order_relaxed);
    if (lease == nullptr) {
        metered_.fetch_add(cost.count(), std::memory_order_relaxed);
        return;
    }
    if (cost > amount)
        lease->enlarge(cost - amount);
    lease->add_settled(cost);
    if (cost < amount)
        lease->put(amount - cost);
    lease->touch(context_.clock.boot());
    if (cost > amount) {
        const std::lock_guard lock(mutex_);
        trim();
    }
}

void Account::State::follow_month(WallTime now) {
    const std::int64_t count = now.time_since_epoch().count();
    if (count >= month_begin_.load(std::memory_order_relaxed) &&
        count < month_end_.load(std::memory_order_relaxed))
        return;
    const std::lock_guard lock(mutex_);
    roll(now);
}

void Account::State::roll(WallTime now) {
    if (month_.contains(now))
        return;
    if (const std::int64_t metered = metered_.exchange(0); metered > 0)
        context_.store.add_spent(key_of(month_), NanoDollars{metered});
    month_ = zone_.month_at(now);
    month_begin_ = month_.begin.time_since_epoch().count();
    month_end_ = month_.end.time_since_epoch().count();
    current_ = lease_of(month_);
    others_ = spent_ = forfeited_ = 0;
    figures_at_.reset();
    level_ = 0;
}

store::AccountMonth Account::State::key_of(const Month& month) const {
    return {name_, std::string(to_string(kind_)), month.key};
}

LocalLease* Account::State::lease_of(const Month& month) const {
    for (const auto& lease : leases_) {
        if (lease->month() == month && !lease->ended())
            return lease.get();
    }
    return nullptr;
}

Account::State::Used Account::State::used() {
    NanoDollars used{others_.load(std::memory_order_relaxed)};
    if (const LocalLease* lease = current_.load(std::memory_order_acquire); lease != nullptr)
        used = saturated_sum(used, lease->amount() - lease->free());
    return {used, NanoDollars{ceiling_.load(std::memory_order_relaxed)}};
}

int Account::State::level() {
    if (!has_ceiling())
        return 0;
    follow_month(context_.clock.wall());
    const auto [used, ceiling] = this->used();
    if (ceiling <= NanoDollars{})
        return 10'000;
    const StateWide level = StateWide{used.count()} * 10'000 / ceiling.count();
    return static_cast<int>(std::clamp<StateWide>(level, 0, std::numeric_limits<int>::max()));
}

bool Account::State::degrades() {
    return has_ceiling() && level() >= degrade_from_.load(std::memory_order_relaxed);
}

NanoDollars Account::State::left() {
    if (!has_ceiling())
        return kWithoutCeiling;
    follow_month(context_.clock.wall());
    const auto [used, ceiling] = this->used();
    return std::max(saturated_sum(ceiling, NanoDollars{-used.count()}), NanoDollars{});
}

AccountStats Account::State::stats() const {
    AccountStats stats;
    stats.forfeited = NanoDollars{forfeited_.load(std::memory_order_relaxed)};
    stats.spent = saturated_sum(NanoDollars{spent_.load(std::memory_order_relaxed)}, stats.forfeited);
    stats.reserved = NanoDollars{reserved_.load(std::memory_order_relaxed)};
    if (const std::int64_t ceiling = ceiling_.load(std::memory_order_relaxed); ceiling != kNoCeiling)
        stats.ceiling = NanoDollars{ceiling};
    stats.level = level_.load(std::memory_order_relaxed);
    return stats;
}

// The figures are fresh and no lease is on its way that would change them.
bool Account::State::surely_too_much(NanoDollars amount) {
    const auto [used, ceiling] = this->used();
    if (amount > ceiling)
        return true;
    const bool fresh = figures_at_ && context_.clock.steady() - *figures_at_ <= kFreshFigures;
    return fresh && !asking_ && saturated_sum(used, amount) > ceiling;
}

}  // namespace tidegate::ledger
