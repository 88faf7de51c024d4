// The ledger's tables behind the writer thread.
#pragma once

#include "store/group_writer.h"
#include "store/ledger_tables.h"
#include "store/sqlite.h"

#include <tidegate/store/ledger_store.h>

#include <mutex>

namespace tidegate::store {

// The connection that reads, and who may use it.
struct Reading {
    Statements statements;
    std::mutex mutex;
};

class SqliteLedger final : public LedgerStore {
  public:
    // `writing` is used on the writer's thread alone.
    SqliteLedger(GroupWriter& writer, Statements& writing, Reading& reading);

    void lease(LeaseRequest request, std::function<void(Result<LeaseGrant>)> done) override;
    void renew(LeaseKey lease, WallTime deadline, std::function<void(Result<bool>)> done) override;
    void give_back(LeaseKey lease, NanoDollars amount, bool end) override;
    void add_spent(const AccountMonth& month, NanoDollars cost) override;
    void raise_level(const AccountMonth& month, int level, std::function<void(Result<bool>)> done) override;
    void sweep(const std::string& owner, WallTime now,
               std::function<void(Result<std::vector<Forfeit>>)> done) override;
    Result<void> settle(std::span<const Settlement> settlements, const std::string& name,
                        const std::string& cursor) override;
    Result<std::optional<std::string>> cursor(const std::string& name) override;
    Result<void> flush() override;
    Result<std::vector<MonthTotals>> totals(const std::string& owner,
                                            std::span<const AccountMonth> months) override;

  private:
    Result<std::vector<MonthTotals>> read_totals(const std::string& owner,
                                                 std::span<const AccountMonth> months);
    // Posts `work` and hands its value to `done`.
    template <class T, class Work>
    void post(Work work, std::function<void(Result<T>)> done);
    template <class Work>
    void post_until_done(Work work);
    template <class Work>
    Result<void> post_and_wait(Work work);

    GroupWriter& writer_;
    LedgerTables tables_;  // the writer thread's
    Reading& reading_;
    LedgerTables reading_tables_;
};

}  // namespace tidegate::store
