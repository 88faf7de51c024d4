#include "store/sqlite_ledger.h"

#include <future>
#include <memory>
#include <utility>

namespace tidegate::store {
SqliteLedger::SqliteLedger(GroupWriter& writer, Statements& writing, Reading& reading)
    : writer_(writer), tables_(writing), reading_(reading), reading_tables_(reading.statements) {}

template <class T, class Work>
void SqliteLedger::post(Work work, std::function<void(Result<T>)> done) {
    auto value = std::make_shared<T>();
    Operation operation;
    operation.apply = [work = std::move(work), value]() -> Result<void> {
        Result<T> result = work();
        if (!result)
            return result.error();
        *value = std::move(*result);
        return {};
    };
    operation.done = [done = std::move(done), value](const Result<void>& result) {
        if (!done)
            return;
        if (result) {
            done(std::move(*value));
        } else {
            done(result.error());
        }
    };
    writer_.post(std::move(operation));
}

template <class Work>
void SqliteLedger::post_until_done(Work work) {
    Operation operation;
    operation.apply = std::move(work);
    operation.keep_trying = true;
    writer_.post(std::move(operation));
}

template <class Work>
Result<void> SqliteLedger::post_and_wait(Work work) {
    std::promise<Result<void>> finished;
    Operation operation;
    operation.apply = std::move(work);
    operation.done = [&finished](const Result<void>& result) { finished.set_value(result); };
    writer_.post(std::move(operation));
    return finished.get_future().get();
}

void SqliteLedger::lease(LeaseRequest request, std::function<void(Result<LeaseGrant>)> done) {
    post<LeaseGrant>([this, request = std::move(request)] { return tables_.lease(request); }, std::move(done));
}

void SqliteLedger::renew(LeaseKey lease, WallTime deadline, std::function<void(Result<bool>)> done) {
    post<bool>([this, lease, deadline] { return tables_.renew(lease, deadline); }, std::move(done));
}

void SqliteLedger::give_back(LeaseKey lease, NanoDollars amount, bool end) {
    post_until_done([this, lease, amount, end] { return tables_.give_back(lease, amount, end); });
}

void SqliteLedger::add_spent(const AccountMonth& month, NanoDollars cost) {
    post_until_done([this, month, cost] { return tables_.add_spent(month, cost); });
}

void SqliteLedger::raise_level(const AccountMonth& month, int level, std::function<void(Result<bool>)> done) {
    post<bool>([this, month, level] { return tables_.raise_level(month, level); }, std::move(done));
}

void SqliteLedger::sweep(const std::string& owner, WallTime now,
                         std::function<void(Result<std::vector<Forfeit>>)> done) {
    post<std::vector<Forfeit>>(
        [this, owner, now]() -> Result<std::vector<Forfeit>> {
            auto forfeits = tables_.sweep(owner, now);
            if (!forfeits)
                return forfeits;
            if (auto removed = tables_.remove_old(now); !removed)
                return removed.error();
            return forfeits;
        },
        std::move(done));
}

Result<void> SqliteLedger::settle(std::span<const Settlement> settlements, const std::string& name,
                                  const std::string& cursor) {
    return post_and_wait([&]() -> Result<void> {
        if (auto settled = tables_.settle(settlements); !settled)
            return settled;
        return tables_.set_cursor(name, cursor);
    });
}

Result<std::optional<std::string>> SqliteLedger::cursor(const std::string& name) {
    const std::lock_guard lock(reading_.mutex);
    return reading_tables_.cursor(name);
}

Result<void> SqliteLedger::flush() {
    return post_and_wait([]() -> Result<void> { return {}; });
}

Result<std::vector<MonthTotals>> SqliteLedger::totals(const std::string& owner,
                                                      std::span<const AccountMonth> months) {
    const std::lock_guard lock(reading_.mutex);
    // One transaction, so that all figures are of one instant.
    sqlite3* database = reading_.statements.database();
    if (auto begun = execute(database, "BEGIN"); !begun)
        return begun.error();
    Result<std::vector<MonthTotals>> all = read_totals(owner, months);
    if (auto ended = execute(database, "COMMIT"); !ended && all)
        return ended.error();
    return all;
}

Result<std::vector<MonthTotals>> SqliteLedger::read_totals(const std::string& owner,
                                                           std::span<const AccountMonth> months) {
    std::vector<MonthTotals> all;
    all.reserve(months.size());
    for (const AccountMonth& month : months) {
        auto totals = reading_tables_.totals(owner, month);
        if (!totals)
            return totals.error();
        all.push_back(*totals);
    }
    return all;
}

}  // namespace tidegate::store
