#include "ledger/account_state.h"
#include "ledger/ledger_state.h"

#include <tidegate/base/log.h>
#include <tidegate/ledger/ledger.h>

#include <pthread.h>

namespace tidegate::ledger {
namespace {

constexpr std::chrono::milliseconds kUpkeepInterval{250};
constexpr Duration kFiguresInterval = std::chrono::seconds{1};
constexpr Duration kJump = std::chrono::seconds{1};

Duration offset_of(const Clock& clock) {
    return clock.wall().time_since_epoch() - clock.boot();
}

store::LeaseKey key_of(LeaseId lease) {
    return {lease.id, lease.epoch};
}

}  // namespace

Ledger::State::State(store::LedgerStore& store, const Clock& clock, LedgerOptions options)
    : context(store, clock, std::move(options)), wall_ahead_of_boot(offset_of(clock)) {}

std::vector<Account*> Ledger::State::all() const {
    const std::lock_guard lock(mutex);
    std::vector<Account*> all;
    for (const auto& [name, account] : accounts) all.push_back(account.get());
    return all;
}

void Ledger::State::run(Ledger& ledger) {
    ::pthread_setname_np(::pthread_self(), "tg-ledger");
    std::unique_lock lock(thread_mutex);
    while (!stopping) {
        lock.unlock();
        ledger.maintain();
        lock.lock();
        wake.wait_for(lock, kUpkeepInterval, [this] { return stopping; });
    }
}

void Ledger::State::stop() {
    {
        const std::lock_guard lock(thread_mutex);
        stopping = true;
    }
    wake.notify_all();
    if (thread.joinable())
        thread.join();
}

Ledger::Ledger(store::LedgerStore& store, const Clock& clock, LedgerOptions options)
    : state_(std::make_unique<State>(store, clock, std::move(options))) {
    if (state_->context.options.background)
        state_->thread = std::thread([this] { state_->run(*this); });
}

Ledger::~Ledger() {
    close();
}

Account& Ledger::account(const std::string& name, AccountKind kind, const AccountOptions& options) {
    Account* account = nullptr;
    {
        const std::lock_guard lock(state_->mutex);
        auto& slot = state_->accounts[{name, kind}];
        if (slot == nullptr) {
            slot = std::make_unique<Account>(
                std::make_unique<Account::State>(state_->context, name, kind, options));
        } else {
            slot->state().configure(options);
        }
        account = slot.get();
    }
    Account* const one[] = {account};
    refresh(one);
    return *account;
}

void Ledger::set_longest_call(Duration longest) {
    state_->context.longest_call = longest.count();
}

void Ledger::refresh(std::span<Account* const> accounts) {
    std::vector<store::AccountMonth> months;
    months.reserve(accounts.size());
    for (Account* const account : accounts) months.push_back(account->state().month_key());
    const auto totals = state_->context.store.totals(state_->context.owner, months);
    if (!totals) {
        log::warn("ledger", "the store cannot be read: {}", totals.error().message);
        return;
    }
    for (std::size_t i = 0; i < accounts.size(); ++i) accounts[i]->state().apply((*totals)[i], months[i].month);
}

void Ledger::sweep() {
    Context& context = state_->context;
    context.store.sweep(
        context.owner, context.clock.wall(), [&context](const Result<std::vector<store::Forfeit>>& forfeits) {
            if (!forfeits)
                return;
            for (const store::Forfeit& forfeit : *forfeits) {
                ++context.counters.forfeits;
                log::warn("ledger",
                          "{} dollars of {} {} count as spent: a process that is gone had leased "
                          "them",
                          forfeit.rest.to_string(), forfeit.month.kind, forfeit.month.account);
            }
        });
}

void Ledger::maintain() {
    const std::lock_guard lock(state_->upkeep);
    Context& context = state_->context;
    const Duration boot = context.clock.boot();
    const Duration offset = offset_of(context.clock);
    // Deadlines in the store are by the wall clock: when that jumps, everybody has time to renew before
    // anybody sweeps.
    const bool jumped =
        offset > state_->wall_ahead_of_boot + kJump || offset < state_->wall_ahead_of_boot - kJump;
    state_->wall_ahead_of_boot = offset;
    if (jumped)
        state_->next_sweep = boot + context.options.sweep;
    const std::vector<Account*> accounts = state_->all();
    for (Account* const account : accounts) account->state().keep_leases(jumped);
    if (boot >= state_->next_figures) {
        state_->next_figures = boot + kFiguresInterval;
        refresh(accounts);
        for (Account* const account : accounts) {
            account->state().sample();
            account->state().raise_levels(*account);
        }
    }
    if (boot >= state_->next_sweep) {
        state_->next_sweep = boot + context.options.sweep;
        for (Account* const account : accounts) account->state().flush_metered();
        sweep();
    }
}

Result<void> Ledger::replay(std::span<const SettledAttempt> attempts, const std::string& name,
                            const std::string& cursor) {
    std::vector<store::Settlement> settlements;
    for (const SettledAttempt& attempt : attempts) {
        const bool leased = attempt.leases[0].id != 0 || attempt.leases[1].id != 0;
        if (!leased || attempt.cost <= NanoDollars{})
            continue;
        settlements.push_back({attempt.call,
                               attempt.attempt,
                               attempt.reserved,
                               std::min(attempt.cost, kMostMoney),
                               {key_of(attempt.leases[0]), key_of(attempt.leases[1])}});
    }
    return state_->context.store.settle(settlements, name, cursor);
}

Result<std::optional<std::string>> Ledger::cursor(const std::string& name) {
    return state_->context.store.cursor(name);
}

LedgerStats Ledger::stats() const {
    const Counters& counters = state_->context.counters;
    LedgerStats stats;
    stats.leases = counters.leases;
    stats.refused = counters.refused;
    stats.late = counters.late;
    stats.above_bound = counters.above_bound;
    stats.lost_leases = counters.lost_leases;
    stats.forfeits = counters.forfeits;
    stats.levels = counters.levels;
    return stats;
}

void Ledger::close() {
    state_->stop();
    if (std::exchange(state_->closed, true))
        return;
    for (Account* const account : state_->all()) account->state().end();
    // Twice: an answer that was on its way gives its grant back behind the first.
    for (int i = 0; i < 2; ++i) {
        if (const auto flushed = state_->context.store.flush(); !flushed) {
            log::error("ledger", "the last settlements could not be written: {}", flushed.error().message);
            return;
        }
    }
}

}  // namespace tidegate::ledger
