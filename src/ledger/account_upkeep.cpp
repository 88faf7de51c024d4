// What is due for an account by the clock, and when the configuration changes.
#include "ledger/account_state.h"

#include <tidegate/base/log.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::ledger {
namespace {

using UpkeepWide = __int128;

constexpr std::int64_t kAheadIsOneOf = 50;

bool has_reached(NanoDollars spent, NanoDollars ceiling, int percent) {
    return UpkeepWide{spent.count()} * 100 >= UpkeepWide{ceiling.count()} * percent;
}

}  // namespace

void Account::State::configure(const AccountOptions& options) {
    const auto zone = TimeZone::find(options.timezone);
    if (!zone)
        log::error("ledger", "{} {} is kept by UTC: {}", to_string(kind_), name_, zone.error().message);
    const std::lock_guard lock(mutex_);
    zone_ = zone ? *zone : TimeZone();
    degrade_from_ = options.degrade_from;
    ceiling_ = options.ceiling ? std::clamp(*options.ceiling, NanoDollars{}, kMostMoney).count() : kNoCeiling;
    const Month month = zone_.month_at(context_.clock.wall());
    if (month != month_)
        month_.end = month_.begin;  // contains nothing: begun anew
    roll(context_.clock.wall());
    current_ = options.ceiling ? lease_of(month_) : nullptr;
    trim();
}

store::AccountMonth Account::State::month_key() {
    const std::lock_guard lock(mutex_);
    roll(context_.clock.wall());
    return key_of(month_);
}

void Account::State::apply(const store::MonthTotals& totals, int month) {
    const std::lock_guard lock(mutex_);
    if (month_.key != month)
        return;
    others_ = totals.others.count();
    spent_ = totals.spent.count();
    forfeited_ = totals.forfeited.count();
    // One that is being raised here is told by `raised`.
    if (totals.level > level_ && !raising_) {
        level_ = totals.level;
        log::info("ledger", "was announced before: {}", figures_of_level(totals.level, month));
    }
    figures_at_ = context_.clock.steady();
}

void Account::State::sample() {
    const std::lock_guard lock(mutex_);
    samples_[next_sample_] = taken_.load(std::memory_order_relaxed);
    next_sample_ = (next_sample_ + 1) % kSamples;
}

// What was set aside in the last ten seconds.
NanoDollars Account::State::ahead() const {
    return NanoDollars{taken_.load(std::memory_order_relaxed) - samples_[next_sample_]};
}

// The lease is in use, and half of what the next ten seconds may need is gone.
bool Account::State::needs_more(Duration boot) const {
    const LocalLease* lease = current_.load();
    if (lease == nullptr || boot - lease->last_use() >= context_.options.quiet)
        return false;
    const NanoDollars leased = saturated_sum(NanoDollars{others_.load()}, lease->amount());
    const NanoDollars left = saturated_sum(NanoDollars{ceiling_.load()}, NanoDollars{-leased.count()});
    const std::int64_t wanted = std::min(ahead().count(), left.count() / kAheadIsOneOf);
    return lease->free().count() < wanted / 2;
}

// Its free part goes back. One that is not current ends with its last reservation.
void Account::State::return_rest(LocalLease& lease) {
    NanoDollars back = lease.drain();
    const bool end = current_.load() != &lease && lease.rest() <= back;
    if (end)
        back = saturated_sum(back, lease.end());
    if (back <= NanoDollars{} && !end)
        return;
    lease.enlarge(NanoDollars{-back.count()});
    context_.store.give_back({lease.id().id, lease.id().epoch}, back, end);
}

// More counts than the ceiling allows, because that was lowered or a provider used more than its bound: what is
// free goes back at once.
void Account::State::trim() {
    LocalLease* lease = current_.load();
    if (lease == nullptr)
        return;
    const NanoDollars leased = saturated_sum(NanoDollars{others_.load()}, lease->amount());
    const NanoDollars above = leased - NanoDollars{ceiling_.load()};
    if (above <= NanoDollars{})
        return;
    const NanoDollars free = lease->drain();
    const NanoDollars back = std::min(free, above);
    lease->put(free - back);
    if (back <= NanoDollars{})
        return;
    lease->enlarge(NanoDollars{-back.count()});
    context_.store.give_back({lease->id().id, lease->id().epoch}, back, false);
}

void Account::State::keep_leases(bool all_now) {
    std::vector<LocalLease*> due;
    std::optional<Asked> asked;
    {
        const std::lock_guard lock(mutex_);
        const Duration boot = context_.clock.boot();
        roll(context_.clock.wall());
        for (const auto& lease : leases_) {
            if (lease->ended())
                continue;
            const bool quiet = boot - lease->last_use() >= context_.options.quiet;
            if (!asking_ && (quiet || lease.get() != current_.load()))
                return_rest(*lease);
            if (!lease->ended() && (all_now || lease->deadline() - boot < context_.lifetime() / 2))
                due.push_back(lease.get());
        }
        trim();
        if (!asking_ && !ended_ && needs_more(boot))
            asked = ask();
    }
    for (LocalLease* lease : due) renew(*lease);
    send(std::move(asked));
}

void Account::State::renew(LocalLease& lease) {
    const Duration deadline = context_.clock.boot() + context_.lifetime();
    context_.store.renew(
        {lease.id().id, lease.id().epoch}, context_.clock.wall() + context_.lifetime(),
        [this, &lease, deadline](const Result<bool>& ours) { renewed(lease, ours, deadline); });
}

void Account::State::renewed(LocalLease& lease, const Result<bool>& ours, Duration deadline) {
    // A store that fails is tried again; the lease is not used beyond its deadline.
    if (!ours || lease.ended())
        return;
    if (*ours) {
        lease.set_deadline(deadline);
        return;
    }
    const std::lock_guard lock(mutex_);
    if (!asking_)
        lose(lease);
}

int Account::State::next_level() {
    const NanoDollars ceiling{ceiling_.load()};
    if (ceiling <= NanoDollars{} || raising_)
        return 0;
    const NanoDollars spent = saturated_sum(NanoDollars{spent_.load()}, NanoDollars{forfeited_.load()});
    // At the end a worst case does not fit any more, long before the last nano-dollar is spent.
    const bool near_end = refused_ && has_reached(spent, ceiling, 95);
    for (const int level : kSpendingLevels) {
        if (level > level_ && (has_reached(spent, ceiling, level) || (level == 100 && near_end)))
            return level;
    }
    refused_ = false;
    return 0;
}

void Account::State::raise_levels(const Account& self) {
    int percent = 0;
    store::AccountMonth month;
    {
        const std::lock_guard lock(mutex_);
        percent = next_level();
        if (percent == 0)
            return;
        raising_ = true;
        month = key_of(month_);
    }
    context_.store.raise_level(month, percent,
                               [this, &self, percent, key = month.month](const Result<bool>& first) {
                                   raised(self, percent, key, first);
                               });
}

void Account::State::raised(const Account& self, int percent, int month, const Result<bool>& first) {
    {
        const std::lock_guard lock(mutex_);
        raising_ = false;
        if (first && *first && month_.key == month)
            level_ = percent;
    }
    // Of what another process was first to see the next figures tell.
    if (!first || !*first)
        return;
    ++context_.counters.levels;
    log::warn("ledger", "spending has reached a level: {}", figures_of_level(percent, month));
    if (context_.options.on_level)
        context_.options.on_level(self, percent);
}

std::string Account::State::figures_of_level(int percent, int month) const {
    const AccountStats figures = stats();
    return fmt::format("account={} name={} level={} month={} spent_usd={} ceiling_usd={}", to_string(kind_),
                       name_, percent, month, figures.spent.to_string(),
                       figures.ceiling.value_or(NanoDollars{}).to_string());
}

void Account::State::flush_metered() {
    const std::lock_guard lock(mutex_);
    if (const std::int64_t metered = metered_.exchange(0); metered > 0)
        context_.store.add_spent(key_of(month_), NanoDollars{metered});
}

void Account::State::end() {
    flush_metered();
    const std::lock_guard lock(mutex_);
    ended_ = true;
    fail_all();
    current_ = nullptr;
    for (const auto& lease : leases_) {
        if (lease->ended())
            continue;
        NanoDollars back = lease->end();
        if (lease.get() == pot_lease_)
            back = saturated_sum(back, std::exchange(pot_, {}));
        lease->enlarge(NanoDollars{-back.count()});
        context_.store.give_back({lease->id().id, lease->id().epoch}, back, true);
    }
}

}  // namespace tidegate::ledger
