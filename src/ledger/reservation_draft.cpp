#include "ledger/reservation_draft.h"

namespace tidegate::ledger {
namespace {

bool take_again(Account::State& account, LocalLease* lease, NanoDollars amount) {
    if (lease != nullptr)
        return account.take_more(*lease, amount);
    account.take_metered(amount);
    return true;
}

}  // namespace

ReservationDraft::ReservationDraft(Context& context, NanoDollars amount) {
    reservation_.context_ = &context;
    reservation_.amount_ = amount;
}

bool ReservationDraft::add_at_once(Account::State& account) {
    // What costs nothing fits everywhere.
    if (!account.has_ceiling() || reservation_.amount_ == NanoDollars{}) {
        add_metered(account);
        return true;
    }
    LocalLease* lease = account.take(reservation_.amount_);
    if (lease == nullptr)
        return false;
    add(account, lease);
    return true;
}

void ReservationDraft::add(Account::State& account, LocalLease* lease) {
    reservation_.holds_.at(accounts_) = {&account, lease};
    if (lease != nullptr)
        reservation_.leases_.at(accounts_) = lease->id();
    ++accounts_;
}

void ReservationDraft::add_metered(Account::State& account) {
    account.take_metered(reservation_.amount_);
    add(account, nullptr);
}

Result<void> ReservationDraft::enlarge(Reservation& reservation, NanoDollars by) {
    for (std::size_t i = 0; i < reservation.holds_.size(); ++i) {
        const Reservation::Hold& hold = reservation.holds_[i];
        if (hold.account == nullptr || take_again(*hold.account, hold.lease, by))
            continue;
        for (std::size_t done = 0; done < i; ++done) {
            if (reservation.holds_[done].account != nullptr)
                reservation.holds_[done].account->put_back(reservation.holds_[done].lease, by);
        }
        return Error{ErrorKind::conflict, ErrorSource::gateway,
                     "a second try does not fit what is leased of the budget"};
    }
    reservation.amount_ += by;
    return {};
}

}  // namespace tidegate::ledger
