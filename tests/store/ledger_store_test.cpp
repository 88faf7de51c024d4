// The ledger's tables: their arithmetic holds in whatever order operations and processes come.
#include <tidegate/store/store.h>

#include <filesystem>
#include <future>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

namespace tidegate::store {
namespace {

using namespace std::chrono_literals;

constexpr NanoDollars nano(std::int64_t count) {
    return NanoDollars{count};
}

class LedgerStoreTest : public testing::Test {
  protected:
    LedgerStoreTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-store-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        store_ = open();
    }
    ~LedgerStoreTest() override {
        store_.reset();
        std::filesystem::remove_all(folder_);
    }

    std::string path() const { return folder_ + "/tidegate.db"; }
    std::unique_ptr<Store> open() const {
        auto store = open_store("sqlite:" + path(), clock_);
        EXPECT_TRUE(store) << store.error().message;
        return std::move(*store);
    }
    LedgerStore& ledger() { return store_->ledger(); }

    static constexpr std::int64_t kCeiling = 1'000;
    LeaseRequest request(std::int64_t wanted, LeaseKey lease = {}, const std::string& owner = "a") const {
        LeaseRequest request;
        request.month = month_;
        request.owner = owner;
        request.lease = lease;
        request.ceiling = nano(kCeiling);
        request.deadline = clock_.wall() + 10min;
        request.size = [wanted](NanoDollars, bool) { return nano(wanted); };
        return request;
    }
    static Result<LeaseGrant> ask(LedgerStore& ledger, LeaseRequest request) {
        std::promise<Result<LeaseGrant>> done;
        ledger.lease(std::move(request),
                     [&done](Result<LeaseGrant> grant) { done.set_value(std::move(grant)); });
        return done.get_future().get();
    }
    LeaseGrant lease(std::int64_t wanted, LeaseKey key = {}, const std::string& owner = "a") {
        const auto grant = ask(ledger(), request(wanted, key, owner));
        EXPECT_TRUE(grant) << grant.error().message;
        return grant ? *grant : LeaseGrant{};
    }
    bool renew(LeaseKey key) {
        std::promise<Result<bool>> done;
        ledger().renew(key, clock_.wall() + 10min,
                       [&done](Result<bool> ours) { done.set_value(std::move(ours)); });
        return *done.get_future().get();
    }
    std::vector<Forfeit> sweep(const std::string& owner = "z") {
        std::promise<Result<std::vector<Forfeit>>> done;
        ledger().sweep(owner, clock_.wall(),
                       [&done](Result<std::vector<Forfeit>> forfeits) { done.set_value(std::move(forfeits)); });
        return *done.get_future().get();
    }
    Settlement settlement(LeaseKey key, std::int64_t reserved, std::int64_t cost) const {
        return {CallId::make(clock_.wall()), 1, nano(reserved), nano(cost), {key, LeaseKey{}}};
    }
    void settle(const Settlement& each) { EXPECT_TRUE(ledger().settle({&each, 1}, "log", "1")); }
    MonthTotals totals(const std::string& owner = "a") {
        EXPECT_TRUE(ledger().flush());
        const auto all = ledger().totals(owner, {&month_, 1});
        EXPECT_TRUE(all) << all.error().message;
        return all->front();
    }
    // Beside the store, as an operator would.
    std::int64_t query(const std::string& sql) const {
        sqlite3* raw = nullptr;
        EXPECT_EQ(sqlite3_open(path().c_str(), &raw), SQLITE_OK);
        sqlite3_stmt* statement = nullptr;
        EXPECT_EQ(sqlite3_prepare_v2(raw, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
        const int step = sqlite3_step(statement);
        const std::int64_t value = step == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
        sqlite3_finalize(statement);
        sqlite3_close(raw);
        return value;
    }

    ManualClock clock_{std::chrono::sys_days{std::chrono::year{2026} / 1 / 15}};
    std::string folder_;
    std::unique_ptr<Store> store_;
    const AccountMonth month_{"reply", "users", 202601};
};

TEST_F(LedgerStoreTest, GrantsAtMostWhatIsLeft) {
    EXPECT_EQ(lease(600).granted, nano(600));
    EXPECT_EQ(lease(600, {}, "b").granted, nano(400));
    const LeaseGrant nothing = lease(600, {}, "c");
    EXPECT_EQ(nothing.granted, nano(0));
    EXPECT_EQ(nothing.lease, LeaseKey{});
    EXPECT_EQ(totals().leased, nano(kCeiling));
    EXPECT_EQ(lease(-5, {}, "c").granted, nano(0));
}

TEST_F(LedgerStoreTest, EnlargesALeaseAndTellsWhatOthersHold) {
    const LeaseGrant first = lease(100);
    lease(50, {}, "b");
    const LeaseGrant second = lease(200, first.lease);
    EXPECT_EQ(second.lease, first.lease);
    EXPECT_FALSE(second.lost);
    EXPECT_EQ(second.totals.others, nano(50));
    EXPECT_EQ(second.totals.leased, nano(350));
    EXPECT_EQ(totals("b").others, nano(300));
    EXPECT_EQ(query("SELECT count(*) FROM ledger_leases"), 2);
}

TEST_F(LedgerStoreTest, MovesSettledMoneyFromLeasedToSpent) {
    const LeaseKey key = lease(100).lease;
    settle(settlement(key, 60, 20));
    EXPECT_EQ(totals().spent, nano(20));
    EXPECT_EQ(totals().leased, nano(80));
    EXPECT_EQ(totals().others, nano(0)) << "all of it is ours";
    settle(settlement(key, 60, 90));
    EXPECT_EQ(totals().spent, nano(110));
    EXPECT_EQ(totals().leased, nano(20)) << "the thirty above the reservation came from what is left";
}

TEST_F(LedgerStoreTest, TakesBackOnlyFromTheOwner) {
    const LeaseKey key = lease(100).lease;
    settle(settlement(key, 60, 20));
    ledger().give_back({key.id, key.epoch + 1}, nano(10), false);
    ledger().give_back({key.id + 100, 1}, nano(10), false);
    EXPECT_EQ(totals().leased, nano(80));
    ledger().give_back(key, nano(30), false);
    EXPECT_EQ(totals().leased, nano(50));
    ledger().give_back(key, nano(1'000), true);
    EXPECT_EQ(totals().leased, nano(0)) << "never more than is there";
    EXPECT_EQ(totals().spent, nano(20));
    EXPECT_FALSE(renew(key)) << "it is closed";
}

TEST_F(LedgerStoreTest, ClosesALeaseThatEndsWithItsLastSettlement) {
    const LeaseKey key = lease(100).lease;
    ledger().give_back(key, nano(40), true);
    EXPECT_EQ(totals().leased, nano(60)) << "records have yet to tell of it";
    EXPECT_FALSE(renew(key)) << "its owner is done with it";
    settle(settlement(key, 60, 60));
    EXPECT_EQ(totals().leased, nano(0));
    EXPECT_EQ(query("SELECT open FROM ledger_leases"), 0);
    clock_.advance(11min);
    EXPECT_TRUE(sweep("a").empty());
}

TEST_F(LedgerStoreTest, SettlesNothingOnAnotherLeaseOfTheSameId) {
    const LeaseKey key = lease(100).lease;
    settle(settlement({key.id, key.epoch - 5'000}, 60, 60));
    EXPECT_EQ(totals().spent, nano(0)) << "of a store before it was put back from a backup";
    settle(settlement(key, 60, 60));
    EXPECT_EQ(totals().spent, nano(60));
}

TEST_F(LedgerStoreTest, SweepsALeaseOfItsOwnThatNoRecordSettled) {
    const LeaseKey key = lease(100).lease;
    ledger().give_back(key, nano(40), true);
    EXPECT_EQ(totals().leased, nano(60));
    clock_.advance(11min);
    EXPECT_EQ(sweep("a").size(), 1U);
    EXPECT_EQ(totals().forfeited, nano(60));
}

TEST_F(LedgerStoreTest, SettlesManyOfSeveralLeasesAtOnce) {
    const LeaseKey taken = lease(100, {}, "b").lease;
    clock_.advance(11min);
    ASSERT_EQ(sweep("a").size(), 1U);
    const LeaseKey ours = lease(300).lease;
    const LeaseKey ending = lease(50, {}, "c").lease;
    ledger().give_back(ending, nano(0), true);
    const Settlement repeated = settlement(ours, 60, 20);
    const std::vector<Settlement> all{settlement(taken, 60, 30),  repeated,
                                      settlement(ours, 60, 90),   repeated,
                                      settlement(ending, 50, 50), settlement({ours.id + 100, 1}, 60, 60)};
    EXPECT_TRUE(ledger().settle(all, "log", "1"));
    EXPECT_EQ(totals().spent, nano(30 + 20 + 90 + 50));
    EXPECT_EQ(totals().forfeited, nano(100 - 30));
    EXPECT_EQ(totals().leased, nano(300 - 20 - 60)) << "the thirty above came from what is left";
    EXPECT_EQ(query("SELECT open FROM ledger_leases WHERE owner = 'c'"), 0);
}

TEST_F(LedgerStoreTest, SettlesEachAttemptOnce) {
    const LeaseKey key = lease(100).lease;
    Settlement each = settlement(key, 60, 20);
    settle(each);
    settle(each);
    EXPECT_EQ(totals().spent, nano(20));
    each.attempt = 2;
    settle(each);
    EXPECT_EQ(totals().spent, nano(40));
}

TEST_F(LedgerStoreTest, SweepsWhatOthersLeftBehindAndFencesThem) {
    const LeaseKey mine = lease(100, {}, "a").lease;
    const LeaseKey theirs = lease(200, {}, "b").lease;
    clock_.advance(9min);
    EXPECT_TRUE(sweep("a").empty());
    clock_.advance(2min);
    const auto forfeits = sweep("a");
    ASSERT_EQ(forfeits.size(), 1U);
    EXPECT_EQ(forfeits[0].rest, nano(200));
    EXPECT_EQ(forfeits[0].owner, "b");
    EXPECT_EQ(forfeits[0].month, month_);
    EXPECT_EQ(totals().forfeited, nano(200));
    EXPECT_EQ(totals().leased, nano(100)) << "one's own is never swept";
    EXPECT_TRUE(renew(mine));
    EXPECT_FALSE(renew(theirs));
    ledger().give_back(theirs, nano(200), true);
    EXPECT_EQ(totals().forfeited, nano(200)) << "nothing of it comes back";
    const LeaseGrant next = lease(10, theirs, "b");
    EXPECT_TRUE(next.lost);
    EXPECT_NE(next.lease, theirs);
    EXPECT_TRUE(sweep("a").empty()) << "once";
}

TEST_F(LedgerStoreTest, LowersTheForfeitByWhatWasSettledLate) {
    const LeaseKey key = lease(100).lease;
    clock_.advance(11min);
    sweep();
    settle(settlement(key, 60, 20));
    EXPECT_EQ(totals().forfeited, nano(80));
    EXPECT_EQ(totals().spent, nano(20));
    settle(settlement(key, 40, 90));
    EXPECT_EQ(totals().forfeited, nano(40));
    EXPECT_EQ(totals().spent, nano(110));
    settle(settlement(key, 500, 500));
    EXPECT_EQ(totals().forfeited, nano(0)) << "never below nothing";
}

TEST_F(LedgerStoreTest, HoldsItsSumsWhateverTheOrder) {
    // Every operation in a random order, with two owners: the months are what the leases add up to.
    std::uint64_t random = 7;
    const auto next = [&random](std::uint64_t bound) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::int64_t>((random >> 33U) % bound);
    };
    std::vector<LeaseKey> keys(2);
    NanoDollars spent;
    for (int i = 0; i < 2'000; ++i) {
        const auto owner = static_cast<std::size_t>(next(2));
        LeaseKey& key = keys[owner];
        switch (next(6)) {
            case 0:
            case 1: {
                const LeaseGrant grant = lease(next(100), key, owner == 0 ? "a" : "b");
                if (grant.lost || grant.lease.id != 0)
                    key = grant.lease;
                ASSERT_LE(grant.granted, nano(kCeiling));
                break;
            }
            case 2:
            case 3: {
                const std::int64_t reserved = next(20);
                const Settlement each = settlement(key, reserved, next(25));
                if (key.id != 0)
                    spent += each.cost;
                settle(each);
                break;
            }
            case 4:
                ledger().give_back(key, nano(next(10)), next(4) == 0);
                break;
            default:
                clock_.advance(std::chrono::minutes{next(6)});
                sweep(owner == 0 ? "a" : "b");
        }
        if (i % 50 == 0) {
            ASSERT_TRUE(ledger().flush());
            ASSERT_EQ(totals().spent, spent);
            ASSERT_EQ(totals().leased.count(),
                      query("SELECT coalesce(sum(amount - settled), 0) FROM ledger_leases WHERE open > 0"));
            ASSERT_EQ(totals().forfeited.count(),
                      query("SELECT coalesce(sum(amount - settled), 0) FROM ledger_leases WHERE open = 0"));
            ASSERT_EQ(query("SELECT count(*) FROM ledger_leases WHERE settled > amount"), 0);
        }
    }
}

TEST_F(LedgerStoreTest, NeverOverflows) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    const LeaseKey key = lease(100).lease;
    for (int i = 0; i < 3; ++i) settle(settlement(key, kMost, kMost));
    EXPECT_EQ(totals().spent, nano(kMost));
    EXPECT_EQ(lease(100, key).granted, nano(0));
    ledger().add_spent(month_, nano(kMost));
    EXPECT_EQ(totals().spent, nano(kMost));
}

TEST_F(LedgerStoreTest, RaisesALevelOnce) {
    const auto raise = [this](LedgerStore& ledger, int level) {
        std::promise<Result<bool>> done;
        ledger.raise_level(month_, level, [&done](Result<bool> first) { done.set_value(std::move(first)); });
        return *done.get_future().get();
    };
    const auto other = open();
    EXPECT_TRUE(raise(ledger(), 50));
    EXPECT_FALSE(raise(other->ledger(), 50));
    EXPECT_TRUE(raise(other->ledger(), 95));
    EXPECT_FALSE(raise(ledger(), 80));
    EXPECT_EQ(totals().level, 95);
}

TEST_F(LedgerStoreTest, RemovesMarksAndLeasesThatAreTooOldToMatter) {
    const LeaseKey key = lease(100).lease;
    settle(settlement(key, 10, 10));
    ledger().give_back(key, nano(90), true);
    EXPECT_EQ(totals().spent, nano(10));
    clock_.advance(59min);
    sweep();
    EXPECT_EQ(query("SELECT count(*) FROM ledger_settlements"), 1);
    clock_.advance(2min);
    sweep();
    EXPECT_EQ(query("SELECT count(*) FROM ledger_settlements"), 0);
    EXPECT_EQ(query("SELECT count(*) FROM ledger_leases"), 1);
    clock_.advance(std::chrono::days{63});
    sweep();
    EXPECT_EQ(query("SELECT count(*) FROM ledger_leases"), 0);
    EXPECT_EQ(query("SELECT spent FROM ledger_months"), 10) << "months stay";
}

TEST_F(LedgerStoreTest, LeasesNoMoreThanTheCeilingToManyStoresAtOnce) {
    std::vector<std::thread> threads;
    std::atomic<std::int64_t> granted{0};
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            const auto store = open();
            LeaseKey key;
            for (int i = 0; i < 50; ++i) {
                const auto grant = ask(store->ledger(), request(7, key, std::to_string(t)));
                ASSERT_TRUE(grant) << grant.error().message;
                key = grant->lease.id != 0 ? grant->lease : key;
                granted += grant->granted.count();
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(granted, kCeiling);
    EXPECT_EQ(totals().leased, nano(kCeiling));
}

TEST_F(LedgerStoreTest, KeepsReturnsWhileAnotherProcessHoldsTheFile) {
    const LeaseKey key = lease(100).lease;
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &raw), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(raw, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    ledger().give_back(key, nano(30), false);
    const auto refused = ask(ledger(), request(10, key));
    ASSERT_FALSE(refused) << "a lease does not wait for ever";
    EXPECT_EQ(refused.error().kind, ErrorKind::io);
    EXPECT_THAT(store_->failure(), testing::HasSubstr("another process holds the store"));
    sqlite3_exec(raw, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close(raw);
    // The failed group is tried again before what came behind it.
    while (!ledger().flush()) {
    }
    EXPECT_EQ(totals().leased, nano(70));
    EXPECT_EQ(store_->failure(), "");
}

TEST_F(LedgerStoreTest, MovesTheCursorWithTheSettlementsOrNotAtAll) {
    const LeaseKey key = lease(100).lease;
    EXPECT_EQ(*ledger().cursor("log"), std::nullopt);
    const Settlement each = settlement(key, 60, 20);
    ASSERT_TRUE(ledger().settle({&each, 1}, "log", "1:2"));
    EXPECT_EQ(*ledger().cursor("log"), "1:2");
    store_->close();
    const Settlement next = settlement(key, 60, 20);
    EXPECT_FALSE(ledger().settle({&next, 1}, "log", "3:4"));
    EXPECT_EQ(*ledger().cursor("log"), "1:2");
}

}  // namespace
}  // namespace tidegate::store
