// Whose money it is: a feature's users, its shadow lane, its evaluation, or an access key, each with a ceiling
// a calendar month.
#pragma once

#include <tidegate/base/money.h>
#include <tidegate/ledger/budget.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::ledger {

enum class AccountKind : std::uint8_t { users, shadow, evaluation, key };
// "users", "shadow", "evaluation", "key": label of metrics, member of records, key in the store.
std::string_view to_string(AccountKind kind);

// Of the ceiling, in percent: what spending is announced at.
inline constexpr std::array<int, 4> kSpendingLevels{50, 80, 95, 100};

struct AccountOptions {
    std::optional<NanoDollars> ceiling;       // of a month; nothing: metered only, without limit
    std::string timezone = "UTC";             // of the month
    int degrade_from = Budget::kDegradeFrom;  // hundredths of a percent of the ceiling

    bool operator==(const AccountOptions&) const = default;
};

// Of the current month, in the account's time zone. `spent`, `forfeited` and `level` are the store's, at most a
// second old; `reserved` is this process's.
struct AccountStats {
    NanoDollars spent;      // settled and forfeited: what counts as spent
    NanoDollars forfeited;  // the part of it that died with a process and that no record has explained yet
    NanoDollars reserved;
    std::optional<NanoDollars> ceiling;
    int level = 0;  // the highest of kSpendingLevels that was announced, by all processes; 0: none
};

// Made by the Ledger, lives as long as it does, survives reloads. Any thread; nothing here waits.
class Account {
  public:
    class State;
    explicit Account(std::unique_ptr<State> state);
    ~Account();
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

    const std::string& name() const;
    AccountKind kind() const;

    // What is settled, reserved here and leased elsewhere, in hundredths of a percent of the ceiling; 0 without
    // one. At most a second old as far as other processes are concerned.
    int level() const;
    // `level` has reached `degrade_from`: a cheaper entry should serve.
    bool degrades() const;
    // Whether a worst case fits what is left: a look, not a reservation.
    bool fits(NanoDollars worst_case) const;
    // Of the ceiling; never negative. Without a ceiling: as much as NanoDollars hold.
    NanoDollars left() const;
    AccountStats stats() const;

    State& state() { return *state_; }
    const State& state() const { return *state_; }

  private:
    std::unique_ptr<State> state_;
};

}  // namespace tidegate::ledger
