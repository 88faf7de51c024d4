// What the ledger needs to last: months of accounts, leases on them, settlements. Written for a store that
// several processes share: every operation is one transaction, and its arithmetic holds in whatever order the
// processes come. docs/budgets.md says why that is enough.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/id.h>
#include <tidegate/base/money.h>
#include <tidegate/base/result.h>

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tidegate::store {

// The key that money is kept by.
struct AccountMonth {
    std::string account;
    std::string kind;
    int month = 0;  // yyyymm, in the account's time zone

    auto operator<=>(const AccountMonth&) const = default;
};

// The epoch begins with the time of the grant, so that a store put back from a backup does not take one lease
// for another, and is raised by one when a lease is taken from its owner: whoever names the old one is not the
// owner any more. {0, 0}: no lease.
struct LeaseKey {
    std::int64_t id = 0;
    std::int64_t epoch = 0;

    bool operator==(const LeaseKey&) const = default;
};

// A month at one instant. What counts against the ceiling is spent + forfeited + leased.
struct MonthTotals {
    NanoDollars spent;      // the sum of all settlements
    NanoDollars forfeited;  // what leases held unsettled when they were taken from their owners, less what was
                            // settled on them since
    NanoDollars leased;     // what open leases hold unsettled
    // Of what counts, all that does not stem from the asking owner's open leases. Only others change it.
    NanoDollars others;
    int level = 0;  // the highest percentage that was announced

    bool operator==(const MonthTotals&) const = default;
};

struct LeaseRequest {
    AccountMonth month;
    std::string owner;    // of this start of this process
    LeaseKey lease;       // to be enlarged, renewed in any case; {0, 0}: a new one
    NanoDollars ceiling;  // as the asking process knows it
    WallTime deadline{};  // of the lease from now on
    // How much is wanted when so much is left (never negative): at most that. `lost`: the lease that was to be
    // enlarged has been taken. Called within the transaction.
    std::function<NanoDollars(NanoDollars left, bool lost)> size;
};

struct LeaseGrant {
    LeaseKey lease;     // the enlarged one; another one if that was lost; {0, 0} if nothing was granted on none
    bool lost = false;  // the lease that was to be enlarged has been taken
    NanoDollars granted;
    MonthTotals totals;  // afterwards
};

// What an attempt cost.
struct Settlement {
    CallId call;
    int attempt = 0;
    NanoDollars reserved;
    NanoDollars cost;                  // more than `reserved` enlarges the lease by the difference
    std::array<LeaseKey, 2> leases{};  // all of which pay the cost; {0, 0}: none
};

// A lease that was left behind.
struct Forfeit {
    AccountMonth month;
    std::string owner;
    NanoDollars rest;
};

// Any thread. Operations are queued, each in the order of its calls, and committed in groups; `done` runs on
// the writer thread when it is on disk, and must be short. Those without `done` are tried until they succeed.
class LedgerStore {
  public:
    virtual ~LedgerStore() = default;

    virtual void lease(LeaseRequest request, std::function<void(Result<LeaseGrant>)> done) = 0;
    // Moves a lease's deadline. False: it has been taken.
    virtual void renew(LeaseKey lease, WallTime deadline, std::function<void(Result<bool>)> done) = 0;
    // Makes a lease smaller by what its owner does not need. With `end` its owner is done with it: it closes
    // when all that remains is settled. Of a lease that has been taken nothing comes back.
    virtual void give_back(LeaseKey lease, NanoDollars amount, bool end) = 0;
    // Adds to what is spent, without a lease.
    virtual void add_spent(const AccountMonth& month, NanoDollars cost) = 0;
    // Remembers that a level was announced. False if it or a higher one was already.
    virtual void raise_level(const AccountMonth& month, int level, std::function<void(Result<bool>)> done) = 0;
    // Takes every lease whose deadline has passed, but for those that `owner` is not done with, and books what
    // it holds as forfeited. Removes what is too old to matter.
    virtual void sweep(const std::string& owner, WallTime now,
                       std::function<void(Result<std::vector<Forfeit>>)> done) = 0;

    // These wait for the disk; not for an I/O thread.

    // Books what attempts cost, as call records tell it, and how far the records were read, in one transaction;
    // each call and attempt once. On a lease that has been taken it lowers what was forfeited.
    virtual Result<void> settle(std::span<const Settlement> settlements, const std::string& name,
                                const std::string& cursor) = 0;
    virtual Result<std::optional<std::string>> cursor(const std::string& name) = 0;
    // Returns when all that was queued before is on disk, or could not be written.
    virtual Result<void> flush() = 0;
    // In the order of `months`; zero for a month that nothing is known of.
    virtual Result<std::vector<MonthTotals>> totals(const std::string& owner,
                                                    std::span<const AccountMonth> months) = 0;
};

}  // namespace tidegate::store
