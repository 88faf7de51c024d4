// How an account gets its leases: one request to the store for all calls that wait.
#include "ledger/account_state.h"
#include "ledger/lease_size.h"

#include <tidegate/base/log.h>

#include <algorithm>

namespace tidegate::ledger {

std::shared_ptr<Waiter> Account::State::wait(async::IoThread& io, NanoDollars amount) {
    auto waiter = std::make_shared<Waiter>(io, amount);
    std::optional<Asked> asked;
    {
        const std::lock_guard lock(mutex_);
        roll(context_.clock.wall());
        if (ended_) {
            waiter->finish(Waiter::Outcome::failed);
        } else if (LocalLease* lease = take(amount); lease != nullptr) {
            waiter->finish(Waiter::Outcome::granted, lease);
        } else if (surely_too_much(amount)) {
            waiter->finish(Waiter::Outcome::does_not_fit);
            refused_ = true;
        } else {
            waiting_.push_back(waiter);
            if (!asking_)
                asked = ask();
        }
    }
    send(std::move(asked));
    return waiter;
}

Account::State::Answer Account::State::leave(Waiter& waiter) {
    const std::lock_guard lock(mutex_);
    if (waiter.outcome() == Waiter::Outcome::none)
        std::erase_if(waiting_, [&waiter](const auto& each) { return each.get() == &waiter; });
    return {waiter.outcome(), waiter.take_lease()};
}

Account::State::Asked Account::State::ask() {
    Asked asked;
    asked.month = month_;
    asked.deadline = context_.clock.boot() + context_.lifetime();
    store::LeaseRequest& request = asked.request;
    request.month = key_of(month_);
    request.owner = context_.owner;
    request.ceiling = NanoDollars{ceiling_.load()};
    request.deadline = context_.clock.wall() + context_.lifetime();
    NanoDollars held;
    if (LocalLease* lease = current_.load(); lease != nullptr) {
        request.lease = {lease->id().id, lease->id().epoch};
        // Those who wait come first: what is free is kept for them until the answer.
        if (!waiting_.empty()) {
            pot_ = lease->drain();
            pot_lease_ = lease;
        }
        held = waiting_.empty() ? lease->free() : pot_;
    }
    std::vector<NanoDollars> amounts;
    for (const auto& waiter : waiting_) {
        waiter->set_asked();
        amounts.push_back(waiter->amount());
    }
    request.size = [held, ahead = ahead(), amounts = std::move(amounts)](NanoDollars left, bool lost) {
        return lease_size(left, lost ? NanoDollars{} : held, ahead, amounts);
    };
    asking_ = true;
    return asked;
}

void Account::State::send(std::optional<Asked> asked) {
    if (!asked)
        return;
    context_.store.lease(std::move(asked->request),
                         [this, month = asked->month, deadline = asked->deadline](
                             const Result<store::LeaseGrant>& grant) { answered(grant, month, deadline); });
}

void Account::State::answered(const Result<store::LeaseGrant>& grant, const Month& month, Duration deadline) {
    std::optional<Asked> next;
    {
        const std::lock_guard lock(mutex_);
        asking_ = false;
        if (!grant) {
            log::warn("ledger", "no lease for {} {}: {}", to_string(kind_), name_, grant.error().message);
            if (pot_lease_ != nullptr)
                pot_lease_->put(pot_);
            fail_all();
        } else if (ended_) {
            if (grant->lease.id != 0)
                context_.store.give_back(grant->lease, grant->granted, true);
        } else {
            serve(take_grant(*grant, month, deadline), month == month_);
        }
        pot_ = {};
        pot_lease_ = nullptr;
        if (!waiting_.empty())
            next = ask();
    }
    send(std::move(next));
}

// The lease that was granted, or still is ours; null if none is.
LocalLease* Account::State::take_grant(const store::LeaseGrant& grant, const Month& month, Duration deadline) {
    LocalLease* lease = lease_of(month);
    if (grant.lost && lease != nullptr) {
        lose(*lease);
        lease = nullptr;
    }
    if (grant.lease.id != 0 && lease == nullptr) {
        leases_.push_back(
            std::make_unique<LocalLease>(LeaseId{grant.lease.id, grant.lease.epoch}, month, deadline));
        lease = leases_.back().get();
        lease->touch(context_.clock.boot());
        if (month == month_ && has_ceiling())
            current_ = lease;
    }
    if (lease != nullptr) {
        lease->set_deadline(deadline);
        lease->enlarge(grant.granted);
        pot_ = saturated_sum(pot_, grant.granted);
        if (grant.granted > NanoDollars{})
            ++context_.counters.leases;
    }
    if (month == month_) {
        others_ = grant.totals.others.count();
        spent_ = grant.totals.spent.count();
        forfeited_ = grant.totals.forfeited.count();
        figures_at_ = context_.clock.steady();
    }
    return lease;
}

// In their order. Who was asked for and still finds too little does not fit; who came later, or in another
// month, is asked for next.
void Account::State::serve(LocalLease* lease, bool same_month) {
    std::deque<std::shared_ptr<Waiter>> later;
    for (auto& waiter : waiting_) {
        if (!waiter->asked() && !same_month) {
            later.push_back(std::move(waiter));
            continue;
        }
        if (lease != nullptr && pot_ < waiter->amount())
            pot_ = saturated_sum(pot_, lease->drain());
        if (lease != nullptr && pot_ >= waiter->amount()) {
            pot_ = pot_ - waiter->amount();
            reserved_.fetch_add(waiter->amount().count(), std::memory_order_relaxed);
            taken_.fetch_add(waiter->amount().count(), std::memory_order_relaxed);
            waiter->finish(Waiter::Outcome::granted, lease);
        } else if (waiter->asked()) {
            waiter->finish(Waiter::Outcome::does_not_fit);
            refused_ = true;
        } else {
            later.push_back(std::move(waiter));
        }
    }
    waiting_ = std::move(later);
    if (lease != nullptr)
        lease->put(pot_);
}

void Account::State::fail_all() {
    for (const auto& waiter : waiting_) waiter->finish(Waiter::Outcome::failed);
    waiting_.clear();
}

// Another process has booked what was left of it as forfeited: nothing more may be taken from it.
void Account::State::lose(LocalLease& lease) {
    lease.end();
    pot_ = {};
    if (current_.load() == &lease) {
        current_ = nullptr;
        others_ += lease.amount().count();
    }
    ++context_.counters.lost_leases;
    log::warn("ledger", "the lease of {} {} was taken while this process stood still; its rest is forfeited",
              to_string(kind_), name_);
}

}  // namespace tidegate::ledger
