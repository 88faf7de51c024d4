// A ledger on a real store in a folder of its own, with a clock that stands still and I/O threads to reserve
// on.
#pragma once

#include <tidegate/async/io_threads.h>
#include <tidegate/ledger/ledger.h>
#include <tidegate/store/store.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tidegate {

// For messages of failures.
inline void PrintTo(NanoDollars amount, std::ostream* out) {
    *out << amount.to_string();
}

}  // namespace tidegate

namespace tidegate::ledger {

constexpr NanoDollars dollars(std::int64_t count) {
    return NanoDollars{count * 1'000'000'000};
}
constexpr NanoDollars cents(std::int64_t count) {
    return NanoDollars{count * 10'000'000};
}

Bound bound_of_cost(NanoDollars cost);

// A folder that goes with the test.
class Folder {
  public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    const std::string& path() const { return path_; }
    std::string store_url() const { return "sqlite:" + path_ + "/tidegate.db"; }

  private:
    std::string path_;
};

// One process of many, as far as the store can tell.
class Process {
  public:
    Process(const std::string& store_url, const Clock& clock, LedgerOptions options = {});

    // From now on nothing reaches the disk. The objects stay, for what still points to them.
    void crash() { store->close(); }

    std::unique_ptr<store::Store> store;
    std::unique_ptr<Ledger> ledger;
};

// Runs one reservation on `io` and waits for it.
Result<Reservation> reserve_on(async::IoThread& io, Ledger& ledger, const std::vector<Account*>& accounts,
                               NanoDollars cost);
// What the record of a call will say of an attempt with this reservation.
SettledAttempt tell(const Reservation& reservation, NanoDollars cost, const Clock& clock);

class LedgerTest : public testing::Test {
  protected:
    LedgerTest();
    ~LedgerTest() override;

    static LedgerOptions by_hand();
    Ledger& ledger() { return *process->ledger; }
    Account& account(NanoDollars ceiling, const std::string& name = "reply",
                     const std::string& timezone = "UTC");
    Result<Reservation> reserve(const std::vector<Account*>& accounts, NanoDollars cost);
    Result<Reservation> reserve(Account& account, NanoDollars cost);
    // Settles, and writes the record.
    void settle(Reservation& reservation, NanoDollars cost);
    // A whole call.
    void spend(Account& account, NanoDollars worst_case, NanoDollars cost);
    // Lets the ledger read the records that were written.
    void read_records();
    // In the store, with all records read, as whoever looks from outside sees it.
    store::MonthTotals totals(const std::string& name = "reply", int month = 0,
                              const std::string& kind = "users");
    // What is due when so much time has passed.
    void pass(Duration time);
    void restart();

    Folder folder;
    std::vector<SettledAttempt> records;  // not read yet
    int cursor = 0;
    ManualClock clock{std::chrono::sys_days{std::chrono::year{2026} / 1 / 15}};
    std::vector<std::unique_ptr<Process>> dead;
    std::unique_ptr<Process> process;
    async::IoThread io{"io-0", 0, clock};
};

}  // namespace tidegate::ledger
