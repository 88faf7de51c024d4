// The ledger's tables: what each operation does within a transaction. What counts against a ceiling is always
// the sum of three columns of a month: spent, forfeited and leased, where
//   leased    = the sum over open leases of amount - settled,
//   forfeited = the same over leases that are not open any more: those that were taken from their owners.
#pragma once

#include "store/sqlite.h"

#include <tidegate/store/ledger_store.h>

#include <map>
#include <span>
#include <vector>

namespace tidegate::store {

// One connection, one thread at a time.
class LedgerTables {
  public:
    explicit LedgerTables(Statements& statements) : statements_(statements) {}

    Result<LeaseGrant> lease(const LeaseRequest& request);
    Result<bool> renew(LeaseKey key, WallTime deadline);
    Result<void> give_back(LeaseKey key, NanoDollars amount, bool end);
    Result<void> settle(std::span<const Settlement> settlements);
    Result<void> add_spent(const AccountMonth& month, NanoDollars cost);
    Result<bool> raise_level(const AccountMonth& month, int level);
    Result<std::vector<Forfeit>> sweep(const std::string& owner, WallTime now);
    Result<void> remove_old(WallTime now);

    Result<MonthTotals> totals(const std::string& owner, const AccountMonth& month);
    Result<std::optional<std::string>> cursor(const std::string& name);
    Result<void> set_cursor(const std::string& name, const std::string& cursor);

  private:
    struct Lease {
        AccountMonth month;
        std::string owner;
        std::int64_t epoch = 0;
        NanoDollars amount;
        NanoDollars settled;
        enum class Phase { closed = 0, open = 1, ending = 2 } phase = Phase::closed;

        NanoDollars rest() const { return amount - settled; }
        bool is_owned_by(LeaseKey key) const { return phase == Phase::open && epoch == key.epoch; }
        // It is that lease, whether or not it has been taken since.
        bool was(LeaseKey key) const { return epoch != 0 && (epoch == key.epoch || epoch == key.epoch + 1); }
        // An owner that is done with it closes it with the last settlement.
        void close_if_done() {
            if (phase == Phase::ending && rest() <= NanoDollars{})
                phase = Phase::closed;
        }
    };

    // One that there is not has no epoch.
    Result<Lease> find(std::int64_t id);
    Result<void> save(std::int64_t id, const Lease& lease);
    Result<LeaseKey> insert(const LeaseRequest& request, NanoDollars amount);
    Result<void> enlarge(LeaseKey key, Lease lease, NanoDollars by, WallTime deadline);
    // What settlements change: each row is read once and written once, however many there are.
    struct Charges {
        std::map<std::int64_t, Lease> leases;
        std::map<AccountMonth, MonthTotals> months;
    };
    Result<void> charge(LeaseKey key, const Settlement& settlement, Charges& charges);
    Result<Lease*> lease_of(std::int64_t id, Charges& charges);
    Result<MonthTotals*> totals_of(const AccountMonth& key, Charges& charges);
    Result<void> save(const Charges& charges);
    Result<void> forfeit(std::int64_t id, Lease lease);
    // False: it was settled before.
    Result<bool> mark(const Settlement& settlement);

    Result<MonthTotals> month(const AccountMonth& key);
    Result<void> save(const AccountMonth& key, const MonthTotals& totals);
    Result<NanoDollars> owned(const std::string& owner, const AccountMonth& month);

    Statements& statements_;
};

}  // namespace tidegate::store
