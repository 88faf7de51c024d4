// Setting money aside, in every account or in none.
#include "ledger/account_state.h"
#include "ledger/ledger_state.h"
#include "ledger/reservation_draft.h"

#include <tidegate/ledger/ledger.h>

#include <fmt/format.h>

namespace tidegate::ledger {
namespace {

// A place in the queue that is given up whatever happens to the coroutine.
class Place {
  public:
    Place(Account::State& account, async::IoThread& io, NanoDollars amount)
        : account_(account), waiter_(account.wait(io, amount)) {}
    ~Place() {
        if (const auto answer = leave(); answer.lease != nullptr)
            account_.put_back(answer.lease, waiter_->amount());
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    Waiter& waiter() { return *waiter_; }
    Account::State::Answer leave() { return account_.leave(*waiter_); }

  private:
    Account::State& account_;
    std::shared_ptr<Waiter> waiter_;
};

Error does_not_fit(const Account::State& account) {
    return {ErrorKind::conflict, ErrorSource::gateway,
            fmt::format("the worst case of the call does not fit what is left of the month's budget of {} ({})",
                        account.name(), to_string(account.kind()))};
}

Error failure_of(Waiter::Outcome outcome, const Account::State& account) {
    switch (outcome) {
        case Waiter::Outcome::does_not_fit:
            return does_not_fit(account);
        case Waiter::Outcome::failed:
            return {ErrorKind::unavailable, ErrorSource::gateway, "the store of budgets cannot be written"};
        default:
            return {ErrorKind::timeout, ErrorSource::gateway,
                    fmt::format("no part of the budget of {} could be leased in time", account.name())};
    }
}

async::Task<Result<LocalLease*>> wait_for_lease(Account::State& account, async::IoThread& io,
                                                NanoDollars amount, SteadyTime until,
                                                async::Cancellation& cancellation) {
    Place place(account, io, amount);
    co_await place.waiter().wait(until, cancellation);
    if (cancellation.cancelled())
        co_return Error{ErrorKind::cancelled, ErrorSource::client, "nobody waits for the answer any more"};
    const Account::State::Answer answer = place.leave();
    if (answer.lease == nullptr)
        co_return failure_of(answer.outcome, account);
    co_return answer.lease;
}

void count(const Error& error, Counters& counters) {
    if (error.kind == ErrorKind::conflict)
        ++counters.refused;
    if (error.kind == ErrorKind::timeout)
        ++counters.late;
}

}  // namespace

async::Task<Result<Reservation>> Ledger::reserve(async::IoThread& io, std::span<Account* const> accounts,
                                                 Bound bound, SteadyTime deadline,
                                                 async::Cancellation& cancellation) {
    Context& context = state_->context;
    ReservationDraft draft(context, bound.cost);
    // The timer fires in the tick behind its time.
    const Duration patience = context.options.patience - async::TimerWheel::kTick;
    const SteadyTime until = std::min(deadline, context.clock.steady() + patience);
    for (Account* const account : accounts) {
        Account::State& state = account->state();
        if (draft.add_at_once(state))
            continue;
        const auto waited = co_await wait_for_lease(state, io, bound.cost, until, cancellation);
        if (!waited) {
            count(waited.error(), context.counters);
            co_return waited.error();
        }
        draft.add(state, *waited);
    }
    co_return draft.finish();
}

Result<void> Ledger::reserve_again(Reservation& reservation, Bound bound) {
    return ReservationDraft::enlarge(reservation, bound.cost);
}

Reservation Ledger::meter(std::span<Account* const> accounts, Bound bound) {
    ReservationDraft draft(state_->context, bound.cost);
    for (Account* const account : accounts) draft.add_metered(account->state());
    return draft.finish();
}

}  // namespace tidegate::ledger
