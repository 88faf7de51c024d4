#include "store/ledger_tables.h"

#include <algorithm>

namespace tidegate::store {
namespace {

using std::chrono::days;

// The cursor is moved with the settlements behind it, so that none comes again; marks are for what should not
// be.
constexpr std::chrono::hours kKeepSettlements{1};
constexpr days kKeepLeases{62};
constexpr std::int64_t kMostRemoved = 5000;

NanoDollars difference(NanoDollars a, NanoDollars b) {
    return saturated_sum(a, NanoDollars{-b.count()});
}

std::int64_t nanoseconds(WallTime time) {
    return time.time_since_epoch().count();
}

// Never the same for two leases with one id, as there may be when a backup of the store was put back.
std::int64_t first_epoch(WallTime deadline) {
    return std::chrono::floor<std::chrono::milliseconds>(deadline.time_since_epoch()).count();
}

// The least call id of a moment.
std::array<std::uint8_t, 16> first_id(WallTime time) {
    const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < 6; ++i)
        bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(since) >> (8 * (5 - i)));
    return bytes;
}

}  // namespace

Result<MonthTotals> LedgerTables::month(const AccountMonth& key) {
    Query query(statements_,
                "SELECT spent, forfeited, leased, level FROM ledger_months "
                "WHERE account = ?1 AND kind = ?2 AND month = ?3");
    const Result<bool> row = query.bind(key.account).bind(key.kind).bind(std::int64_t{key.month}).next();
    if (!row)
        return row.error();
    MonthTotals totals;
    if (*row) {
        totals.spent = NanoDollars{query.integer(0)};
        totals.forfeited = NanoDollars{query.integer(1)};
        totals.leased = NanoDollars{query.integer(2)};
        totals.level = static_cast<int>(query.integer(3));
    }
    return totals;
}

Result<void> LedgerTables::save(const AccountMonth& key, const MonthTotals& totals) {
    Query query(statements_,
                "INSERT INTO ledger_months VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET "
                "spent = excluded.spent, forfeited = excluded.forfeited, leased = excluded.leased, "
                "level = excluded.level");
    query.bind(key.account).bind(key.kind).bind(std::int64_t{key.month});
    query.bind(totals.spent.count()).bind(totals.forfeited.count()).bind(totals.leased.count());
    const Result<int> saved = query.bind(std::int64_t{totals.level}).run();
    return saved ? Result<void>() : saved.error();
}

Result<NanoDollars> LedgerTables::owned(const std::string& owner, const AccountMonth& month) {
    Query query(statements_,
                "SELECT amount FROM ledger_leases "
                "WHERE open = 1 AND account = ?1 AND kind = ?2 AND month = ?3 AND owner = ?4");
    query.bind(month.account).bind(month.kind).bind(std::int64_t{month.month}).bind(owner);
    NanoDollars sum;
    for (;;) {
        const Result<bool> row = query.next();
        if (!row)
            return row.error();
        if (!*row)
            return sum;
        sum = saturated_sum(sum, NanoDollars{query.integer(0)});
    }
}

Result<MonthTotals> LedgerTables::totals(const std::string& owner, const AccountMonth& key) {
    Result<MonthTotals> totals = month(key);
    if (!totals)
        return totals;
    const Result<NanoDollars> own = owned(owner, key);
    if (!own)
        return own.error();
    const NanoDollars counted = saturated_sum(saturated_sum(totals->spent, totals->forfeited), totals->leased);
    totals->others = difference(counted, *own);
    return totals;
}

Result<LedgerTables::Lease> LedgerTables::find(std::int64_t id) {
    Query query(statements_,
                "SELECT account, kind, month, owner, epoch, amount, settled, open FROM ledger_leases "
                "WHERE id = ?1");
    const Result<bool> row = query.bind(id).next();
    if (!row)
        return row.error();
    Lease lease;
    if (!*row)
        return lease;
    lease.month = {query.text(0), query.text(1), static_cast<int>(query.integer(2))};
    lease.owner = query.text(3);
    lease.epoch = query.integer(4);
    lease.amount = NanoDollars{query.integer(5)};
    lease.settled = NanoDollars{query.integer(6)};
    lease.phase = static_cast<Lease::Phase>(query.integer(7));
    return lease;
}

Result<void> LedgerTables::save(std::int64_t id, const Lease& lease) {
    Query query(statements_,
                "UPDATE ledger_leases SET epoch = ?1, amount = ?2, settled = ?3, open = ?4 WHERE id = ?5");
    query.bind(lease.epoch).bind(lease.amount.count()).bind(lease.settled.count());
    const Result<int> saved = query.bind(static_cast<std::int64_t>(lease.phase)).bind(id).run();
    return saved ? Result<void>() : saved.error();
}

Result<LeaseKey> LedgerTables::insert(const LeaseRequest& request, NanoDollars amount) {
    Query query(
        statements_,
        "INSERT INTO ledger_leases (account, kind, month, owner, epoch, amount, settled, deadline, open) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, 1)");
    const std::int64_t epoch = first_epoch(request.deadline);
    query.bind(request.month.account).bind(request.month.kind).bind(std::int64_t{request.month.month});
    query.bind(request.owner).bind(epoch).bind(amount.count()).bind(nanoseconds(request.deadline));
    if (const Result<int> inserted = query.run(); !inserted)
        return inserted.error();
    return LeaseKey{sqlite3_last_insert_rowid(statements_.database()), epoch};
}

Result<void> LedgerTables::enlarge(LeaseKey key, Lease lease, NanoDollars by, WallTime deadline) {
    lease.amount = saturated_sum(lease.amount, by);
    if (auto saved = save(key.id, lease); !saved)
        return saved;
    const Result<bool> renewed = renew(key, deadline);
    return renewed ? Result<void>() : renewed.error();
}

Result<LeaseGrant> LedgerTables::lease(const LeaseRequest& request) {
    LeaseGrant grant;
    Lease held;
    if (request.lease.id != 0) {
        auto found = find(request.lease.id);
        if (!found)
            return found.error();
        held = std::move(*found);
        grant.lost = !held.is_owned_by(request.lease);
        if (!grant.lost)
            grant.lease = request.lease;
    }
    const bool enlarges = grant.lease.id != 0;
    Result<MonthTotals> totals = month(request.month);
    if (!totals)
        return totals.error();
    const NanoDollars counted = saturated_sum(saturated_sum(totals->spent, totals->forfeited), totals->leased);
    const NanoDollars left = std::max(difference(request.ceiling, counted), NanoDollars{});
    grant.granted = std::clamp(request.size(left, grant.lost), NanoDollars{}, left);
    if (grant.granted > NanoDollars{}) {
        totals->leased = saturated_sum(totals->leased, grant.granted);
        if (auto saved = save(request.month, *totals); !saved)
            return saved.error();
        if (enlarges) {
            if (auto grown = enlarge(grant.lease, held, grant.granted, request.deadline); !grown)
                return grown.error();
        } else {
            const Result<LeaseKey> made = insert(request, grant.granted);
            if (!made)
                return made.error();
            grant.lease = *made;
        }
    } else if (enlarges) {
        if (auto renewed = renew(grant.lease, request.deadline); !renewed)
            return renewed.error();
    }
    totals = this->totals(request.owner, request.month);
    if (!totals)
        return totals.error();
    grant.totals = *totals;
    return grant;
}

Result<bool> LedgerTables::renew(LeaseKey key, WallTime deadline) {
    Query query(statements_,
                "UPDATE ledger_leases SET deadline = ?1 WHERE id = ?2 AND epoch = ?3 AND open = 1");
    const Result<int> renewed = query.bind(nanoseconds(deadline)).bind(key.id).bind(key.epoch).run();
    if (!renewed)
        return renewed.error();
    return *renewed == 1;
}

Result<void> LedgerTables::give_back(LeaseKey key, NanoDollars amount, bool end) {
    const auto found = find(key.id);
    if (!found)
        return found.error();
    if (!found->is_owned_by(key))
        return {};
    Lease lease = *found;
    // Never below what was settled on it.
    const NanoDollars returned = std::clamp(amount, NanoDollars{}, lease.rest());
    lease.amount = lease.amount - returned;
    if (end)
        lease.phase = Lease::Phase::ending;
    lease.close_if_done();
    if (auto saved = save(key.id, lease); !saved)
        return saved;
    Result<MonthTotals> totals = month(lease.month);
    if (!totals)
        return totals.error();
    totals->leased = difference(totals->leased, returned);
    return save(lease.month, *totals);
}

Result<bool> LedgerTables::mark(const Settlement& settlement) {
    Query insert(statements_, "INSERT OR IGNORE INTO ledger_settlements VALUES (?1, ?2)");
    insert.bind(std::span<const std::uint8_t>(settlement.call.bytes()));
    const Result<int> inserted = insert.bind(std::int64_t{settlement.attempt}).run();
    if (!inserted)
        return inserted.error();
    return *inserted == 1;
}

Result<void> LedgerTables::settle(std::span<const Settlement> settlements) {
    Charges charges;
    for (const Settlement& settlement : settlements) {
        const Result<bool> first = mark(settlement);
        if (!first)
            return first.error();
        if (!*first)
            continue;
        for (const LeaseKey& key : settlement.leases) {
            if (key.id == 0)
                continue;
            if (auto charged = charge(key, settlement, charges); !charged)
                return charged;
        }
    }
    return save(charges);
}

// The rest shrinks by the cost, by what was reserved at most; it belongs to `leased` or to `forfeited`.
Result<void> LedgerTables::charge(LeaseKey key, const Settlement& settlement, Charges& charges) {
    const Result<Lease*> found = lease_of(key.id, charges);
    if (!found)
        return found.error();
    Lease& lease = **found;
    if (!lease.was(key))
        return {};
    const Result<MonthTotals*> month = totals_of(lease.month, charges);
    if (!month)
        return month.error();
    MonthTotals& totals = **month;
    const NanoDollars before = lease.rest();
    const NanoDollars above = std::max(difference(settlement.cost, settlement.reserved), NanoDollars{});
    lease.settled = saturated_sum(lease.settled, settlement.cost);
    lease.amount = std::max(saturated_sum(lease.amount, above), lease.settled);
    const NanoDollars change = difference(lease.rest(), before);
    NanoDollars& holder = lease.phase != Lease::Phase::closed ? totals.leased : totals.forfeited;
    lease.close_if_done();
    totals.spent = saturated_sum(totals.spent, settlement.cost);
    holder = saturated_sum(holder, change);
    return {};
}

Result<LedgerTables::Lease*> LedgerTables::lease_of(std::int64_t id, Charges& charges) {
    const auto known = charges.leases.find(id);
    if (known != charges.leases.end())
        return &known->second;
    auto found = find(id);
    if (!found)
        return found.error();
    return &charges.leases.emplace(id, std::move(*found)).first->second;
}

Result<MonthTotals*> LedgerTables::totals_of(const AccountMonth& key, Charges& charges) {
    const auto known = charges.months.find(key);
    if (known != charges.months.end())
        return &known->second;
    auto found = month(key);
    if (!found)
        return found.error();
    return &charges.months.emplace(key, *found).first->second;
}

Result<void> LedgerTables::save(const Charges& charges) {
    for (const auto& [id, lease] : charges.leases) {
        if (auto saved = save(id, lease); !saved)
            return saved;
    }
    for (const auto& [key, totals] : charges.months) {
        if (auto saved = save(key, totals); !saved)
            return saved;
    }
    return {};
}

Result<void> LedgerTables::add_spent(const AccountMonth& key, NanoDollars cost) {
    Result<MonthTotals> totals = month(key);
    if (!totals)
        return totals.error();
    totals->spent = saturated_sum(totals->spent, cost);
    return save(key, *totals);
}

Result<bool> LedgerTables::raise_level(const AccountMonth& key, int level) {
    Result<MonthTotals> totals = month(key);
    if (!totals)
        return totals.error();
    if (totals->level >= level)
        return false;
    totals->level = level;
    const auto saved = save(key, *totals);
    if (!saved)
        return saved.error();
    return true;
}

Result<void> LedgerTables::forfeit(std::int64_t id, Lease lease) {
    const NanoDollars rest = lease.rest();
    lease.phase = Lease::Phase::closed;
    ++lease.epoch;
    if (auto saved = save(id, lease); !saved)
        return saved;
    Result<MonthTotals> totals = month(lease.month);
    if (!totals)
        return totals.error();
    totals->leased = difference(totals->leased, rest);
    totals->forfeited = saturated_sum(totals->forfeited, rest);
    return save(lease.month, *totals);
}

Result<std::vector<Forfeit>> LedgerTables::sweep(const std::string& owner, WallTime now) {
    std::vector<std::int64_t> ids;
    {
        Query query(statements_,
                    "SELECT id FROM ledger_leases WHERE open IN (1, 2) AND deadline < ?1 "
                    "AND (owner <> ?2 OR open = 2) LIMIT 1000");
        query.bind(nanoseconds(now)).bind(owner);
        for (;;) {
            const Result<bool> row = query.next();
            if (!row)
                return row.error();
            if (!*row)
                break;
            ids.push_back(query.integer(0));
        }
    }
    std::vector<Forfeit> forfeits;
    for (const std::int64_t id : ids) {
        const auto lease = find(id);
        if (!lease)
            return lease.error();
        if (auto taken = forfeit(id, *lease); !taken)
            return taken.error();
        if (lease->rest() > NanoDollars{})
            forfeits.push_back({lease->month, lease->owner, lease->rest()});
    }
    return forfeits;
}

Result<void> LedgerTables::remove_old(WallTime now) {
    const auto first = first_id(now - kKeepSettlements);
    Query settlements(statements_,
                      "DELETE FROM ledger_settlements WHERE (call, attempt) IN "
                      "(SELECT call, attempt FROM ledger_settlements WHERE call < ?1 LIMIT ?2)");
    if (auto removed = settlements.bind(std::span<const std::uint8_t>(first)).bind(kMostRemoved).run();
        !removed)
        return removed.error();
    Query leases(statements_, "DELETE FROM ledger_leases WHERE open = 0 AND deadline < ?1");
    if (auto removed = leases.bind(nanoseconds(now - kKeepLeases)).run(); !removed)
        return removed.error();
    return {};
}

Result<std::optional<std::string>> LedgerTables::cursor(const std::string& name) {
    Query query(statements_, "SELECT cursor FROM ledger_cursors WHERE name = ?1");
    const Result<bool> row = query.bind(name).next();
    if (!row)
        return row.error();
    return *row ? std::optional<std::string>(query.text(0)) : std::nullopt;
}

Result<void> LedgerTables::set_cursor(const std::string& name, const std::string& cursor) {
    Query query(statements_,
                "INSERT INTO ledger_cursors VALUES (?1, ?2) ON CONFLICT DO UPDATE SET cursor = ?2");
    const Result<int> saved = query.bind(name).bind(cursor).run();
    return saved ? Result<void>() : saved.error();
}

}  // namespace tidegate::store
