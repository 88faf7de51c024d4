// A reservation while it is being made: one account after the other, undone unless it is finished.
#pragma once

#include "ledger/account_state.h"

#include <tidegate/ledger/reservation.h>

#include <cstddef>

namespace tidegate::ledger {

class ReservationDraft {
  public:
    ReservationDraft(Context& context, NanoDollars amount);
    ~ReservationDraft() { reservation_.release(); }
    ReservationDraft(const ReservationDraft&) = delete;
    ReservationDraft& operator=(const ReservationDraft&) = delete;

    // False if the account needs a lease that has room, and has none.
    bool add_at_once(Account::State& account);
    // What was taken from the account already.
    void add(Account::State& account, LocalLease* lease);
    void add_metered(Account::State& account);
    Reservation finish() { return std::move(reservation_); }

    // As much again in every account of an open reservation, or in none.
    static Result<void> enlarge(Reservation& reservation, NanoDollars by);

  private:
    Reservation reservation_;
    std::size_t accounts_ = 0;
};

}  // namespace tidegate::ledger
