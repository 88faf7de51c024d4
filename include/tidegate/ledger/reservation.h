// Money set aside for one attempt.
#pragma once

#include <tidegate/base/money.h>
#include <tidegate/ledger/account.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace tidegate::ledger {

class LocalLease;
struct Context;

// The lease in the store that a reservation was made from. The epoch is raised when the lease is taken from its
// owner. {0, 0}: of an account that is metered only.
struct LeaseId {
    std::int64_t id = 0;
    std::int64_t epoch = 0;

    bool operator==(const LeaseId&) const = default;
};

// Holds the worst case in one account or two until it is settled. Move-only; any thread, one at a time; the
// ledger outlives it.
class Reservation {
  public:
    // A feature's account and a key's.
    static constexpr std::size_t kMostAccounts = 2;

    // Of nothing.
    Reservation() = default;
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&& other) noexcept;
    // What was not settled is settled at the worst case.
    ~Reservation();

    // What the attempt cost in the end; the rest is free again at once. More than was reserved (the provider
    // used more than its bound) is taken from what is left of the accounts, and counted. Once; later calls do
    // nothing. It lasts when the call's record does, which must tell the same cost, `reserved` and `lease`
    // (Ledger::replay); until then the store counts the cost as leased.
    void settle(NanoDollars cost);

    // Something is set aside that is not settled yet.
    bool open() const { return holds_[0].account != nullptr; }
    // The worst case; stays readable after `settle`.
    NanoDollars reserved() const { return amount_; }
    // Of the account at this place of those that were given; stays readable after `settle`.
    LeaseId lease(std::size_t account) const { return leases_.at(account); }

  private:
    friend class ReservationDraft;
    struct Hold {
        Account::State* account = nullptr;
        LocalLease* lease = nullptr;  // null: metered only
    };

    // As if it had never been made: nothing was sent.
    void release();

    Context* context_ = nullptr;
    NanoDollars amount_;
    std::array<Hold, kMostAccounts> holds_{};
    std::array<LeaseId, kMostAccounts> leases_{};
};

}  // namespace tidegate::ledger
