// The money of the process: accounts, reservations before each attempt, settlements after it. What a crash, a
// pause or a second process can do to it is in docs/budgets.md.
#pragma once

#include <tidegate/async/cancellation.h>
#include <tidegate/async/io_threads.h>
#include <tidegate/base/clock.h>
#include <tidegate/base/id.h>
#include <tidegate/base/money.h>
#include <tidegate/base/result.h>
#include <tidegate/ledger/account.h>
#include <tidegate/ledger/bounds.h>
#include <tidegate/ledger/reservation.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::store {
class LedgerStore;
}

namespace tidegate::ledger {

// An attempt as its call record tells it.
struct SettledAttempt {
    CallId call;
    int attempt = 0;
    NanoDollars reserved;
    NanoDollars cost;
    std::array<LeaseId, Reservation::kMostAccounts> leases{};
};

struct LedgerOptions {
    Duration patience = std::chrono::milliseconds{200};  // for a lease; then the call does not fit
    Duration shortest_lease = std::chrono::minutes{10};  // or twice the longest call
    Duration longest_call = std::chrono::minutes{2};     // until `set_longest_call`
    Duration quiet = std::chrono::seconds{5};            // unused that long, the rest of a lease goes back
    Duration sweep = std::chrono::seconds{10};           // between looks for leases that others left behind
    bool background = true;                              // false: whoever made it calls `maintain`
    // An account has reached one of kSpendingLevels: in one process once a month each, behind the write that
    // says so (a crash between the two leaves only that). On the store's writer thread: must be short.
    std::function<void(const Account&, int percent)> on_level;
};

// Since start.
struct LedgerStats {
    std::uint64_t leases = 0;       // granted by the store, renewals aside
    std::uint64_t refused = 0;      // reservations that did not fit
    std::uint64_t late = 0;         // reservations whose lease did not come in time
    std::uint64_t above_bound = 0;  // settlements above what was reserved
    std::uint64_t lost_leases = 0;  // that another process took while this one stood still
    std::uint64_t forfeits = 0;     // leases of other processes booked as spent here
    std::uint64_t levels = 0;       // level events raised
};

// Any thread, except where it says otherwise. Store and clock outlive it; it outlives the I/O threads'
// coroutines and all reservations.
class Ledger {
  public:
    Ledger(store::LedgerStore& store, const Clock& clock, LedgerOptions options = {});
    // Closes.
    ~Ledger();
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

    // The account of this name and kind, made at the first call; later ones change its options, which hold for
    // the next reservation. At start and reload, not on an I/O thread. The time zone must exist (parse_budget
    // checks it).
    Account& account(const std::string& name, AccountKind kind, const AccountOptions& options);
    // The longest `total` of the configuration: leases last twice as long, and none is used that ends sooner.
    void set_longest_call(Duration longest);

    // Sets the bound's cost aside in all `accounts` (one or two) or in none. Goes on without suspension when
    // the leases have room. Errors: `conflict`: it does not fit what is left of an account; `timeout`: no lease
    // came in time, by the patience or by `deadline`; `unavailable`: the store failed; `cancelled`. The call id
    // and the attempt's number name it for ever: once each.
    async::Task<Result<Reservation>> reserve(async::IoThread& io, std::span<Account* const> accounts,
                                             Bound bound, SteadyTime deadline,
                                             async::Cancellation& cancellation);
    // For a second try of the same attempt while the first may have reached the provider: sets the bound's cost
    // aside once more, in the same reservation, which is settled once with the sum. Does not wait: `conflict`
    // if it does not fit what is leased already.
    Result<void> reserve_again(Reservation& reservation, Bound bound);
    // Without limit and without a lease: for `store.on_failure: serve`, when `reserve` says `unavailable`.
    Reservation meter(std::span<Account* const> accounts, Bound bound);

    // Books attempts as call records tell of them, each once, and remembers `cursor` by `name`, in one step:
    // for whoever reads the log, while it grows and again from the cursor after a restart. Blocks on the disk.
    Result<void> replay(std::span<const SettledAttempt> attempts, const std::string& name,
                        const std::string& cursor);
    // What `replay` remembered last; nothing if it never ran. Blocks.
    Result<std::optional<std::string>> cursor(const std::string& name);

    // What is due by the clock: fresh figures, leases ahead, renewals, returns, the sweep, levels. Called by
    // the ledger's thread four times a second; by tests at will. Blocks.
    void maintain();
    LedgerStats stats() const;
    // The last settlements reach the store, what is unused goes back, and leases end. No reservation must be
    // open; what still is stays leased and is forfeited when its lease ends. Blocks; idempotent.
    void close();

  private:
    void refresh(std::span<Account* const> accounts);
    void sweep();

    class State;
    std::unique_ptr<State> state_;
};

}  // namespace tidegate::ledger
