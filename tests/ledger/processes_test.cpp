// What must hold with real processes: killed, stopped, and several on one store. The counts of script/soak come
// with TIDEGATE_SOAK=1.
#include "ledger/child.h"
#include "ledger/fixture.h"
#include "ledger_process/journal.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <set>
#include <thread>

namespace tidegate::ledger {
namespace {

using namespace std::chrono_literals;

int scaled(int soak, int otherwise) {
    return std::getenv("TIDEGATE_SOAK") != nullptr ? soak : otherwise;
}

// False if it does not come true in a minute: then something hangs.
template <class Condition>
bool comes_true(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 1min;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

constexpr std::int64_t kRoom = 10;
constexpr std::int64_t kWorstCase = 1'000'000;
constexpr std::size_t kCalls = 256;

std::string burst_of(int run) {
    return "account-" + std::to_string(run) + " " + std::to_string(kRoom * kWorstCase) + " " +
           std::to_string(kWorstCase) + " " + std::to_string(kCalls);
}

TEST(Processes, OfWhichThereIsOneAdmitExactlyWhatFits) {
    const Folder folder;
    Child child({"burst", folder.store_url()});
    const int runs = scaled(1000, 50);
    int wrong = 0;
    for (int run = 0; run < runs; ++run) {
        child.tell(burst_of(run));
        wrong += child.read_line() == std::to_string(kRoom) ? 0 : 1;
    }
    EXPECT_EQ(wrong, 0);
    std::cout << runs << " bursts of " << kCalls << " calls with room for " << kRoom << " in one process\n";
}

TEST(Processes, OfWhichThereAreTwoAdmitNoMoreThanFits) {
    const Folder folder;
    Child one({"burst", folder.store_url()});
    Child two({"burst", folder.store_url()});
    const int runs = scaled(1000, 50);
    int least = kRoom;
    for (int run = 0; run < runs; ++run) {
        one.tell(burst_of(run));
        two.tell(burst_of(run));
        const int admitted = std::stoi(one.read_line()) + std::stoi(two.read_line());
        ASSERT_LE(admitted, kRoom) << run;
        least = std::min(least, admitted);
    }
    EXPECT_GT(least, 0);
    std::cout << runs << " bursts of " << kCalls << " calls in each of two processes: " << least << " to "
              << kRoom << " admitted\n";
}

// Processes that spend, their provider's own count, and their records.
class SpendingProcesses : public testing::Test {
  protected:
    // `number`: whose log it has.
    std::unique_ptr<Child> start(int number, std::chrono::milliseconds lease,
                                 std::chrono::milliseconds longest_call) {
        const std::string journal = folder.path() + "/journal-" + std::to_string(number);
        journals.insert(journal);
        return std::make_unique<Child>(std::vector<std::string>{
            "spend", folder.store_url(), std::to_string(ceiling.count()), journal, provider,
            std::to_string(lease.count()), std::to_string(longest_call.count())});
    }
    // Reads only: nobody can keep it from that.
    store::MonthTotals totals() {
        if (!looking)
            looking = std::make_unique<Process>(folder.store_url(), clock, by_hand());
        const store::AccountMonth key = month();
        return looking->store->ledger().totals("nobody", {&key, 1})->front();
    }
    store::AccountMonth month() const {
        const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(clock.wall())};
        return {"reply", "users", static_cast<int>(day.year()) * 100 + static_cast<int>(unsigned{day.month()})};
    }
    static LedgerOptions by_hand() {
        LedgerOptions options;
        options.background = false;
        return options;
    }
    std::pair<std::int64_t, int> answered() const {
        std::ifstream file(provider);
        std::int64_t sum = 0;
        int calls = 0;
        for (std::int64_t cost = 0; file >> cost; ++calls) sum += cost;
        return {sum, calls};
    }
    // Reads the records to their end, and takes every lease that is left.
    store::MonthTotals settle_all() {
        ManualClock later(clock.wall() + 1h);
        Process last(folder.store_url(), later, by_hand());
        for (const std::string& journal : journals) EXPECT_TRUE(replay_journal(*last.ledger, journal));
        last.ledger->maintain();
        EXPECT_TRUE(last.store->ledger().flush());
        const store::AccountMonth key = month();
        return last.store->ledger().totals("nobody", {&key, 1})->front();
    }
    void reconcile(std::optional<NanoDollars> open_at_kills) {
        const store::MonthTotals all = settle_all();
        NanoDollars recorded;
        for (const std::string& journal : journals) {
            std::uint64_t offset = 0;
            for (const SettledAttempt& attempt : read_journal(journal, offset)) recorded += attempt.cost;
        }
        const auto [provider_sum, calls] = answered();
        EXPECT_EQ(all.leased, NanoDollars{});
        EXPECT_EQ(all.spent, recorded) << "each record once, to the nano-dollar";
        EXPECT_LE(provider_sum, (all.spent + all.forfeited).count()) << "what was answered is counted";
        EXPECT_LE(all.spent + all.forfeited, ceiling);
        if (open_at_kills)
            EXPECT_LE(all.forfeited, *open_at_kills) << "no more than was leased when they were killed";
        std::cout << calls << " calls: " << all.spent.to_string() << " spent, " << all.forfeited.to_string()
                  << " forfeited of " << open_at_kills.value_or(all.forfeited).to_string()
                  << " that were leased\n";
    }

    Folder folder;
    std::set<std::string> journals;
    const std::string provider = folder.path() + "/provider";
    SystemClock clock;
    std::unique_ptr<Process> looking;
    NanoDollars ceiling = dollars(1'000'000);
};

TEST_F(SpendingProcesses, AreKilledAtAnyMomentAndLoseNothing) {
    ceiling = dollars(scaled(12, 4));
    const int kills = scaled(100, 12);
    std::mt19937_64 random(std::random_device{}());
    for (int i = 0; i < kills; ++i) {
        const auto child = start(0, 10min, 1min);
        std::this_thread::sleep_for(std::chrono::microseconds{random() % 60'000});
        EXPECT_EQ(child->end(SIGKILL), -SIGKILL);
    }
    const store::MonthTotals at_kills = totals();
    std::cout << kills << " kills, ";
    // Rests shrink by the records that are read from now on; nothing else changes them.
    reconcile(at_kills.leased);
}

TEST_F(SpendingProcesses, AreStoppedBeyondTheEndOfTheirLeases) {
    const int stops = scaled(20, 2);
    const auto child = start(0, 600ms, 100ms);
    const auto other = start(1, 600ms, 100ms);
    for (int i = 0; i < stops; ++i) {
        const NanoDollars before = totals().forfeited;
        child->send(SIGSTOP);
        // Where it stopped while it held the store's lock nobody can take its lease: then it is stopped anew.
        int looks = 0;
        ASSERT_TRUE(comes_true([&] {
            if (++looks % 400 == 0) {
                child->send(SIGCONT);
                std::this_thread::sleep_for(50ms);
                child->send(SIGSTOP);
            }
            return totals().forfeited > before;
        }));
        child->send(SIGCONT);
        // It goes on; its late records lower the forfeit, its new calls are paid from a new lease.
        const int calls = answered().second;
        ASSERT_TRUE(comes_true([&] { return answered().second >= calls + 500; }));
    }
    EXPECT_EQ(child->end(SIGTERM), 0);
    EXPECT_EQ(other->end(SIGTERM), 0);
    std::cout << stops << " stops, ";
    // On a busy machine processes lose leases as short as these ones without being stopped.
    reconcile(std::nullopt);
}

TEST_F(SpendingProcesses, StopAtTheCeilingTogether) {
    ceiling = cents(50);
    const auto one = start(0, 10min, 1min);
    const auto two = start(1, 10min, 1min);
    ASSERT_TRUE(comes_true([&] { return totals().spent >= cents(49); }));
    EXPECT_EQ(one->end(SIGTERM), 0);
    EXPECT_EQ(two->end(SIGTERM), 0);
    EXPECT_EQ(totals().leased, NanoDollars{}) << "both closed cleanly";
    EXPECT_EQ(totals().forfeited, NanoDollars{});
    reconcile({});
}

}  // namespace
}  // namespace tidegate::ledger
