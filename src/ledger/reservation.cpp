#include "ledger/account_state.h"

#include <tidegate/ledger/reservation.h>

#include <algorithm>
#include <utility>

namespace tidegate::ledger {

Reservation::Reservation(Reservation&& other) noexcept
    : context_(other.context_),
      amount_(other.amount_),
      holds_(std::exchange(other.holds_, {})),
      leases_(other.leases_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
    if (this != &other) {
        settle(amount_);
        context_ = other.context_;
        amount_ = other.amount_;
        holds_ = std::exchange(other.holds_, {});
        leases_ = other.leases_;
    }
    return *this;
}

Reservation::~Reservation() {
    settle(amount_);
}

void Reservation::settle(NanoDollars cost) {
    if (!open())
        return;
    cost = std::clamp(cost, NanoDollars{}, kMostMoney);
    if (cost > amount_)
        ++context_->counters.above_bound;
    for (const Hold& hold : std::exchange(holds_, {})) {
        if (hold.account != nullptr)
            hold.account->settle(hold.lease, amount_, cost);
    }
}

void Reservation::release() {
    for (const Hold& hold : std::exchange(holds_, {})) {
        if (hold.account != nullptr)
            hold.account->put_back(hold.lease, amount_);
    }
}

}  // namespace tidegate::ledger
