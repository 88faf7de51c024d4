// What one process may set aside, and what comes back.
#include "ledger/fixture.h"

#include <thread>

namespace tidegate::ledger {
namespace {

TEST_F(LedgerTest, ReservesWhatFitsAndRefusesTheRest) {
    Account& reply = account(dollars(10));
    std::vector<Reservation> held;
    for (int i = 0; i < 10; ++i) {
        auto reserved = reserve(reply, dollars(1));
        ASSERT_TRUE(reserved) << i << ": " << reserved.error().message;
        held.push_back(std::move(*reserved));
    }
    const auto refused = reserve(reply, dollars(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_NE(refused.error().message.find("reply"), std::string::npos);
    EXPECT_EQ(ledger().stats().refused, 1U);
    EXPECT_EQ(totals().leased, dollars(10));
}

TEST_F(LedgerTest, TakesTheLeaseBeforeAnythingIsReservedFromIt) {
    Account& reply = account(dollars(10));
    const auto reserved = reserve(reply, dollars(1));
    ASSERT_TRUE(reserved);
    // A second process sees it although nothing was flushed.
    const Process other(folder.store_url(), clock, by_hand());
    const store::AccountMonth key{"reply", "users", 202601};
    EXPECT_EQ(other.store->ledger().totals("other", {&key, 1})->front().leased, dollars(1));
    EXPECT_NE(reserved->lease(0), LeaseId{});
}

TEST_F(LedgerTest, FreesAtSettlementWhatWasNotSpent) {
    Account& reply = account(dollars(1));
    for (int i = 0; i < 50; ++i) {
        auto reserved = reserve(reply, cents(50));
        ASSERT_TRUE(reserved) << i;
        settle(*reserved, cents(1));
    }
    EXPECT_EQ(totals().spent, cents(50));
    EXPECT_FALSE(reserve(reply, cents(51)));
    EXPECT_TRUE(reserve(reply, cents(50)));
}

TEST_F(LedgerTest, SettlesOnceHoweverOftenItIsTold) {
    Account& reply = account(dollars(1));
    auto reserved = reserve(reply, cents(50));
    ASSERT_TRUE(reserved);
    reserved->settle(cents(10));
    reserved->settle(cents(10));
    Reservation moved = std::move(*reserved);
    moved.settle(cents(10));
    EXPECT_FALSE(moved.open());
    EXPECT_EQ(reply.left(), cents(90));
}

TEST_F(LedgerTest, CountsTheWorstCaseOfWhatNobodySettled) {
    Account& reply = account(dollars(1));
    {
        const auto reserved = reserve(reply, cents(30));
        ASSERT_TRUE(reserved);
    }
    EXPECT_EQ(reply.left(), cents(70));
    EXPECT_EQ(reply.stats().reserved, NanoDollars{});
    ledger().close();
    EXPECT_EQ(totals().leased, cents(30)) << "no record tells what became of it";
    restart();
    account(dollars(1));
    pass(std::chrono::minutes{11});
    EXPECT_EQ(totals().forfeited, cents(30));
}

TEST_F(LedgerTest, TakesWhatAProviderUsedAboveItsBoundFromWhatIsLeft) {
    Account& reply = account(dollars(10));
    auto one = reserve(reply, dollars(1));
    auto two = reserve(reply, dollars(1));
    ASSERT_TRUE(one && two);
    settle(*one, dollars(4));
    EXPECT_EQ(totals().spent, dollars(4));
    EXPECT_EQ(totals().leased, dollars(1)) << "the other one keeps what it has";
    EXPECT_EQ(reply.left(), dollars(5));
    EXPECT_EQ(ledger().stats().above_bound, 1U);
    settle(*two, dollars(9));
    EXPECT_EQ(totals().spent, dollars(13)) << "spent is spent, above the ceiling as well";
    EXPECT_EQ(reply.left(), NanoDollars{});
    EXPECT_FALSE(reserve(reply, NanoDollars{1}));
}

TEST_F(LedgerTest, ReservesInBothAccountsOrInNone) {
    Account& reply = account(dollars(10));
    AccountOptions options;
    options.ceiling = dollars(2);
    Account& key = ledger().account("checkout", AccountKind::key, options);
    const std::vector<Account*> both{&reply, &key};
    auto one = reserve(both, dollars(1));
    ASSERT_TRUE(one) << one.error().message;
    auto two = reserve(both, dollars(1));
    ASSERT_TRUE(two);
    const auto refused = reserve(both, dollars(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_NE(refused.error().message.find("checkout"), std::string::npos);
    EXPECT_EQ(reply.left(), dollars(8)) << "what was taken for the third is free again";
    EXPECT_NE(one->lease(0), one->lease(1));
    settle(*one, cents(25));
    settle(*two, cents(25));
    EXPECT_EQ(totals("reply").spent, cents(50));
    EXPECT_EQ(totals("checkout", 0, "key").spent, cents(50));
}

TEST_F(LedgerTest, KeepsAccountsOfDifferentKindsApart) {
    Account& users = account(dollars(1));
    AccountOptions options;
    options.ceiling = dollars(1);
    Account& shadow = ledger().account("reply", AccountKind::shadow, options);
    ASSERT_NE(&users, &shadow);
    spend(shadow, dollars(1), dollars(1));
    EXPECT_FALSE(reserve(shadow, cents(1)));
    EXPECT_TRUE(reserve(users, dollars(1)));
}

TEST_F(LedgerTest, LetsPassWhatCostsNothingEvenAtTheCeiling) {
    Account& reply = account(dollars(1));
    spend(reply, dollars(1), dollars(1));
    EXPECT_EQ(reply.level(), 10'000);
    const auto free = reserve(reply, NanoDollars{});
    ASSERT_TRUE(free);
    EXPECT_EQ(free->lease(0), LeaseId{});
    Account& nothing = account(NanoDollars{}, "nothing");
    EXPECT_EQ(nothing.level(), 10'000);
    EXPECT_TRUE(reserve(nothing, NanoDollars{}));
    EXPECT_FALSE(reserve(nothing, NanoDollars{1}));
}

TEST_F(LedgerTest, OnlyMetersAnAccountWithoutACeiling) {
    Account& free = ledger().account("free", AccountKind::users, {});
    auto reserved = reserve(free, dollars(1'000'000));
    ASSERT_TRUE(reserved);
    EXPECT_EQ(reserved->lease(0), LeaseId{});
    EXPECT_EQ(free.stats().reserved, dollars(1'000'000));
    settle(*reserved, dollars(3));
    EXPECT_EQ(free.stats().reserved, NanoDollars{});
    EXPECT_EQ(totals("free"), store::MonthTotals{}) << "the store is not touched by calls";
    EXPECT_EQ(free.level(), 0);
    EXPECT_TRUE(free.fits(dollars(1'000'000'000)));
    pass(std::chrono::seconds{10});
    EXPECT_EQ(totals("free").spent, dollars(3));
}

TEST_F(LedgerTest, GivesAReservationNothingWhenTheSecondTryDoesNotFit) {
    Account& reply = account(dollars(4));
    auto reserved = reserve(reply, dollars(1));
    ASSERT_TRUE(reserved);
    EXPECT_FALSE(ledger().reserve_again(*reserved, bound_of_cost(dollars(2))))
        << "the lease has no room, and it does not wait";
    auto other = reserve(reply, dollars(3));
    ASSERT_TRUE(other);
    settle(*other, NanoDollars{});
    ASSERT_TRUE(ledger().reserve_again(*reserved, bound_of_cost(dollars(1))));
    EXPECT_EQ(reserved->reserved(), dollars(2));
    settle(*reserved, cents(150));
    EXPECT_EQ(totals().spent, cents(150));
    EXPECT_EQ(ledger().stats().above_bound, 0U);
}

TEST_F(LedgerTest, ShowsItsLevelAndWhatIsLeft) {
    Account& reply = account(dollars(10));
    EXPECT_EQ(reply.level(), 0);
    auto reserved = reserve(reply, dollars(4));
    ASSERT_TRUE(reserved);
    EXPECT_EQ(reply.level(), 4'000) << "reserved counts";
    EXPECT_TRUE(reply.fits(dollars(6)));
    EXPECT_FALSE(reply.fits(dollars(6) + NanoDollars{1}));
    settle(*reserved, dollars(1));
    EXPECT_EQ(reply.level(), 1'000) << "what came back does not";
    EXPECT_FALSE(reply.degrades());
    spend(reply, dollars(8), dollars(8));
    EXPECT_TRUE(reply.degrades()) << "90 % by default";
    EXPECT_EQ(reply.stats().ceiling, dollars(10));
}

TEST_F(LedgerTest, CountsAtItsLevelWhatOthersHaveLeasedAndSpent) {
    Account& reply = account(dollars(10));
    Process other(folder.store_url(), clock, by_hand());
    AccountOptions options;
    options.ceiling = dollars(10);
    Account& theirs = other.ledger->account("reply", AccountKind::users, options);
    auto reserved = reserve_on(io, *other.ledger, {&theirs}, dollars(3));
    ASSERT_TRUE(reserved);
    pass(std::chrono::seconds{1});
    EXPECT_EQ(reply.level(), 3'000);
    settle(*reserved, dollars(2));
    other.ledger->close();
    pass(std::chrono::seconds{1});
    EXPECT_EQ(reply.level(), 2'000);
    EXPECT_EQ(reply.stats().spent, dollars(2));
}

TEST_F(LedgerTest, HoldsALoweredCeilingFromTheNextReservationOn) {
    Account& reply = account(dollars(10));
    auto reserved = reserve(reply, dollars(4));
    ASSERT_TRUE(reserved);
    spend(reply, dollars(3), NanoDollars{});
    account(dollars(2));
    EXPECT_FALSE(reserve(reply, cents(1))) << "although the lease had three dollars free";
    settle(*reserved, dollars(1));
    EXPECT_EQ(totals().spent, dollars(1));
    EXPECT_TRUE(reserve(reply, dollars(1)));
    account(dollars(20));
    EXPECT_TRUE(reserve(reply, dollars(17)));
}

TEST_F(LedgerTest, MetersWithoutALeaseWhereTheStoreMayFail) {
    Account& reply = account(dollars(1));
    Account* const accounts[] = {&reply};
    Reservation reservation = ledger().meter(accounts, bound_of_cost(dollars(5)));
    EXPECT_EQ(reservation.lease(0), LeaseId{});
    reservation.settle(dollars(2));
    pass(std::chrono::seconds{10});
    EXPECT_EQ(totals().spent, dollars(2));
    EXPECT_FALSE(reserve(reply, cents(1)));
}

TEST_F(LedgerTest, NeverDriftsFromTheSumOfItsSettlements) {
    Account& reply = account(dollars(1'000'000));
    std::uint64_t random = 42;
    NanoDollars sum;
    for (int i = 0; i < 3'000; ++i) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        const NanoDollars worst{static_cast<std::int64_t>(random >> 35U) + 1};
        const NanoDollars cost{worst.count() * static_cast<std::int64_t>(random % 1000) / 990};
        auto reserved = reserve(reply, worst);
        ASSERT_TRUE(reserved);
        settle(*reserved, cost);
        sum += cost;
    }
    EXPECT_EQ(totals().spent, sum);
    ledger().close();
    EXPECT_EQ(totals().leased, NanoDollars{});
    EXPECT_EQ(totals().spent, sum);
}

TEST_F(LedgerTest, LeavesNothingReservedAfterThousandsOfThreads) {
    Account& reply = account(dollars(100));
    std::vector<std::unique_ptr<async::IoThread>> threads;
    for (std::size_t i = 0; i < 4; ++i) {
        threads.push_back(std::make_unique<async::IoThread>("io", i + 1, clock));
        threads.back()->start();
    }
    std::vector<std::thread> clients;
    std::atomic<int> admitted{0};
    for (auto& thread : threads) {
        clients.emplace_back([&] {
            for (int i = 0; i < 500; ++i) {
                auto reserved = reserve_on(*thread, ledger(), {&reply}, dollars(1));
                if (!reserved)
                    continue;
                ++admitted;
                reserved->settle(NanoDollars{i % 7 == 0 ? 1'000'000 : 0});
            }
        });
    }
    for (auto& client : clients) client.join();
    for (auto& thread : threads) thread->stop();
    EXPECT_EQ(admitted, 2'000);
    EXPECT_EQ(reply.stats().reserved, NanoDollars{});
    EXPECT_EQ(reply.left(), dollars(100) - NanoDollars{4 * 72 * 1'000'000});
}

}  // namespace
}  // namespace tidegate::ledger
