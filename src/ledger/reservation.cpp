#include "ledger/account_state.h"

#include <tidegate/ledger/reservation.h>

#include <algorithm>
#include <utility>

namespace tidegate::ledger {

Reservation::Reservation(Reservation&& other) noexcept
    : context_(other.context_),
      call_(other.call_),
      attempt_(other.attempt_),
      amount_(other.amount_),
      holds_(std::exchange(other.holds_, {})),
      leases_(other.leases_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
    if (this != &other) {
        settle(amount_);
        context_ = other.context_;
        call_ = other.call_;
        attempt_ = other.attempt_;
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
    store::Settlement settlement{call_, attempt_, amount_, cost, {}};
    bool leased = false;
    const auto holds = std::exchange(holds_, {});
    for (std::size_t i = 0; i < holds.size(); ++i) {
        if (holds[i].account == nullptr)
            continue;
        holds[i].account->settle(holds[i].lease, amount_, cost);
        leased = leased || holds[i].lease != nullptr;
        settlement.leases[i] = {leases_[i].id, leases_[i].epoch};
    }
    if (leased && cost > NanoDollars{})
        context_->store.settle(settlement);
}

void Reservation::release() {
    for (const Hold& hold : std::exchange(holds_, {})) {
        if (hold.account != nullptr)
            hold.account->put_back(hold.lease, amount_);
    }
}

}  // namespace tidegate::ledger
