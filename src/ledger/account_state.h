// An account's money in this process: its lease, its figures, and the calls that wait.
#pragma once

#include "ledger/context.h"
#include "ledger/local_lease.h"
#include "ledger/waiter.h"

#include <tidegate/ledger/account.h>

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::ledger {

// Any thread. What counts against the ceiling is `others` (settled and leased, but for this process's lease)
// and what of the own lease is not free: both change on their own, so that they may be read one after the
// other.
class Account::State {
  public:
    State(Context& context, std::string name, AccountKind kind, const AccountOptions& options);

    const std::string& name() const { return name_; }
    AccountKind kind() const { return kind_; }
    bool has_ceiling() const { return ceiling_.load(std::memory_order_relaxed) != kNoCeiling; }

    // Figures, as Account describes them.
    int level();
    bool degrades();
    NanoDollars left();
    AccountStats stats() const;

    // Sets `amount` aside in the lease; null if that has not so much, or may not be used.
    LocalLease* take(NanoDollars amount);
    // Sets `amount` aside without a lease: of an account without a ceiling.
    void take_metered(NanoDollars amount) { reserved_.fetch_add(amount.count(), std::memory_order_relaxed); }
    // More in the lease of a reservation that is open.
    bool take_more(LocalLease& lease, NanoDollars amount);
    // Undoes one of these (null: the second).
    void put_back(LocalLease* lease, NanoDollars amount);
    void settle(LocalLease* lease, NanoDollars amount, NanoDollars cost);

    // Queues a call that `take` had nothing for, and asks the store if need be.
    std::shared_ptr<Waiter> wait(async::IoThread& io, NanoDollars amount);
    struct Answer {
        Waiter::Outcome outcome = Waiter::Outcome::none;
        LocalLease* lease = nullptr;  // the caller's now
    };
    // Ends the wait, whatever came of it. Only the first call has an answer.
    Answer leave(Waiter& waiter);

    // For the ledger's thread (and reloads).
    void configure(const AccountOptions& options);
    // The month that figures are wanted of.
    store::AccountMonth month_key();
    void apply(const store::MonthTotals& totals, int month);
    void sample();
    void keep_leases(bool all_now);
    void raise_levels(const Account& self);
    void flush_metered();
    void end();

  private:
    static constexpr std::int64_t kNoCeiling = -1;
    static constexpr std::size_t kSamples = 10;  // one a second

    struct Used {
        NanoDollars used;
        NanoDollars ceiling;
    };
    // A request to the store, and what its answer is understood by.
    struct Asked {
        store::LeaseRequest request;
        Month month;
        Duration deadline{};  // since boot, of the lease from then on
    };

    Used used();
    void follow_month(WallTime now);
    // With the lock held:
    void roll(WallTime now);
    store::AccountMonth key_of(const Month& month) const;
    LocalLease* lease_of(const Month& month) const;
    bool surely_too_much(NanoDollars amount);
    Asked ask();
    void serve(LocalLease* lease, bool same_month);
    void fail_all();
    LocalLease* take_grant(const store::LeaseGrant& grant, const Month& month, Duration deadline);
    void lose(LocalLease& lease);
    void return_rest(LocalLease& lease);
    void trim();
    NanoDollars ahead() const;
    bool needs_more(Duration boot) const;
    int next_level();

    // Without it: the store may answer at once.
    void send(std::optional<Asked> asked);
    void answered(const Result<store::LeaseGrant>& grant, const Month& month, Duration deadline);
    void renew(LocalLease& lease);
    void renewed(LocalLease& lease, const Result<bool>& ours, Duration deadline);
    void raised(const Account& self, int percent, int month, const Result<bool>& first);
    // What the lines about a level have in common.
    std::string figures_of_level(int percent, int month) const;

    Context& context_;
    const std::string name_;
    const AccountKind kind_;

    std::atomic<std::int64_t> ceiling_{kNoCeiling};
    std::atomic<int> degrade_from_{Budget::kDegradeFrom};
    std::atomic<LocalLease*> current_{nullptr};
    std::atomic<std::int64_t> month_begin_{0};
    std::atomic<std::int64_t> month_end_{0};
    std::atomic<std::int64_t> others_{0};
    std::atomic<std::int64_t> spent_{0};
    std::atomic<std::int64_t> forfeited_{0};
    std::atomic<std::int64_t> reserved_{0};
    std::atomic<std::int64_t> taken_{0};    // all that was ever set aside
    std::atomic<std::int64_t> metered_{0};  // costs without a lease that the store does not know yet
    std::atomic<bool> refused_{false};      // since a look at the levels had nothing to tell

    mutable std::mutex mutex_;
    TimeZone zone_;
    Month month_;
    std::vector<std::unique_ptr<LocalLease>> leases_;
    std::deque<std::shared_ptr<Waiter>> waiting_;
    bool asking_ = false;
    // Between question and answer: what was drained from a lease for those who wait.
    NanoDollars pot_;
    LocalLease* pot_lease_ = nullptr;
    std::optional<SteadyTime> figures_at_;
    std::atomic<int> level_{0};  // announced by any process; written with the lock held
    bool raising_ = false;
    std::array<std::int64_t, kSamples> samples_{};
    std::size_t next_sample_ = 0;
    bool ended_ = false;
};

}  // namespace tidegate::ledger
