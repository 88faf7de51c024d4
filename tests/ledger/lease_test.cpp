// The life of a lease: taken ahead, renewed, given back, left behind.
#include "ledger/fixture.h"

namespace tidegate::ledger {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

class LeaseTest : public LedgerTest {
  protected:
    // A second process on the same store.
    struct Other {
        explicit Other(const LeaseTest& test) : process(test.folder.store_url(), test.clock, by_hand()) {}
        Account& account(NanoDollars ceiling, const std::string& name = "reply") {
            AccountOptions options;
            options.ceiling = ceiling;
            return process.ledger->account(name, AccountKind::users, options);
        }
        void maintain() {
            process.ledger->maintain();
            EXPECT_TRUE(process.store->ledger().flush());
        }
        Process process;
    };
};

TEST_F(LeaseTest, IsTakenAheadForWhatTheLastSecondsNeeded) {
    Account& reply = account(dollars(1'000));
    // A dollar a second is reserved.
    for (int second = 0; second < 20; ++second) {
        spend(reply, dollars(1), dollars(1));
        pass(1s);
    }
    const auto now = totals();
    EXPECT_EQ(now.spent, dollars(20));
    EXPECT_GE(now.leased, dollars(5)) << "half of the next ten seconds at least";
    EXPECT_LE(now.leased, dollars(10));
    const auto before = ledger().stats().leases;
    spend(reply, dollars(1), dollars(1));
    EXPECT_EQ(ledger().stats().leases, before) << "no call waits for it";
}

TEST_F(LeaseTest, IsAtMostTwoPercentOfWhatIsLeft) {
    Account& reply = account(dollars(100));
    for (int second = 0; second < 20; ++second) {
        spend(reply, dollars(2), dollars(2));
        pass(1s);
    }
    EXPECT_EQ(totals().spent, dollars(40));
    EXPECT_LE(totals().leased, cents(120));
}

TEST_F(LeaseTest, GivesItsUnusedRestBackAfterQuiet) {
    Account& reply = account(dollars(10));
    auto held = reserve(reply, dollars(1));
    spend(reply, dollars(5), dollars(2));
    pass(4s);
    EXPECT_EQ(totals().leased, dollars(4)) << "not yet";
    pass(1s);
    EXPECT_EQ(totals().leased, dollars(1)) << "what is reserved stays";
    EXPECT_EQ(totals().spent, dollars(2));
    settle(*held, dollars(1));
    EXPECT_EQ(totals().leased, NanoDollars{});
    EXPECT_TRUE(reserve(reply, dollars(7)));
}

TEST_F(LeaseTest, GivesAllBackAtACleanClose) {
    Account& reply = account(dollars(10));
    spend(reply, dollars(5), dollars(2));
    ledger().close();
    EXPECT_EQ(totals().leased, NanoDollars{});
    EXPECT_EQ(totals().forfeited, NanoDollars{});
    restart();
    pass(days{1});
    EXPECT_EQ(totals().forfeited, NanoDollars{});
    EXPECT_EQ(totals().spent, dollars(2));
}

TEST_F(LeaseTest, RefusesWhatComesAfterTheClose) {
    Account& reply = account(dollars(10));
    ledger().close();
    const auto refused = reserve(reply, dollars(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
}

TEST_F(LeaseTest, IsForfeitedAfterACrashAndCountsAsSpent) {
    Account& reply = account(dollars(10));
    auto one = reserve(reply, dollars(4));
    settle(*one, dollars(1));
    EXPECT_EQ(totals().leased, dollars(3));
    restart();
    Account& again = account(dollars(10));
    EXPECT_EQ(again.level(), 4'000) << "leased until its end";
    EXPECT_FALSE(reserve(again, dollars(7)));
    pass(9min);
    EXPECT_EQ(totals().forfeited, NanoDollars{}) << "its end has not come";
    pass(2min);
    EXPECT_EQ(totals().forfeited, dollars(3));
    EXPECT_EQ(totals().leased, NanoDollars{});
    EXPECT_EQ(again.stats().spent, dollars(1)) << "figures are from before the sweep";
    pass(1s);
    EXPECT_EQ(again.stats().spent, dollars(4));
    EXPECT_EQ(again.stats().forfeited, dollars(3));
    EXPECT_EQ(again.level(), 4'000);
    EXPECT_EQ(ledger().stats().forfeits, 1U);
}

TEST_F(LeaseTest, IsRenewedWhileItsOwnerLives) {
    Account& reply = account(dollars(10));
    Other other(*this);
    auto held = reserve(reply, dollars(4));
    for (int minute = 0; minute < 60; ++minute) {
        pass(1min);
        other.maintain();
    }
    EXPECT_EQ(totals().leased, dollars(4));
    EXPECT_EQ(totals().forfeited, NanoDollars{});
    settle(*held, dollars(1));
    EXPECT_EQ(totals().spent, dollars(1));
}

TEST_F(LeaseTest, LastsTwiceTheLongestCall) {
    ledger().set_longest_call(1h);
    Account& reply = account(dollars(10));
    auto held = reserve(reply, dollars(4));
    restart();
    account(dollars(10));
    pass(119min);
    EXPECT_EQ(totals().forfeited, NanoDollars{});
    pass(2min);
    EXPECT_EQ(totals().forfeited, dollars(4));
}

TEST_F(LeaseTest, IsNotUsedWhenACallCouldOutliveIt) {
    ledger().set_longest_call(2min);
    Account& reply = account(dollars(10));
    spend(reply, dollars(4), NanoDollars{});
    // Nobody renews: eight minutes and a bit later the longest call would end behind the lease.
    clock.advance(8min + 1s);
    const auto leases = ledger().stats().leases;
    auto reserved = reserve(reply, dollars(1));
    ASSERT_TRUE(reserved);
    EXPECT_EQ(ledger().stats().leases, leases) << "the same money, with a new deadline";
    clock.advance(7min);
    Other other(*this);
    other.maintain();
    EXPECT_EQ(totals().forfeited, NanoDollars{});
}

TEST_F(LeaseTest, IsLostToWhoeverStandsStillBeyondItsEnd) {
    Account& reply = account(dollars(10));
    Other other(*this);
    Account& theirs = other.account(dollars(10));
    auto late = reserve(reply, dollars(1));
    spend(reply, dollars(3), dollars(1));
    // As with SIGSTOP, or a machine that is suspended: the clocks run, this process does not.
    clock.suspend(11min);
    other.maintain();
    EXPECT_EQ(totals().forfeited, dollars(3)) << "the reserved one and what was free";
    // It goes on as if nothing had happened.
    auto next = reserve(reply, dollars(1));
    ASSERT_TRUE(next);
    EXPECT_NE(next->lease(0), late->lease(0)) << "of a new lease";
    EXPECT_EQ(ledger().stats().lost_leases, 1U);
    settle(*late, cents(40));
    EXPECT_EQ(totals().forfeited, dollars(3) - cents(40)) << "what it cost is explained now";
    EXPECT_EQ(totals().spent, dollars(1) + cents(40));
    // Nothing of the lost lease comes back.
    settle(*next, NanoDollars{});
    ledger().close();
    EXPECT_EQ(totals().leased, NanoDollars{});
    EXPECT_EQ(totals().forfeited, dollars(3) - cents(40));
    const auto rest = reserve_on(io, *other.process.ledger, {&theirs}, dollars(6) + NanoDollars{1});
    EXPECT_FALSE(rest);
    EXPECT_TRUE(reserve_on(io, *other.process.ledger, {&theirs}, dollars(6)));
}

TEST_F(LeaseTest, NoticesALossAlsoWhenItOnlyRenews) {
    Account& reply = account(dollars(10));
    Other other(*this);
    spend(reply, dollars(4), dollars(1));
    clock.suspend(11min);
    other.maintain();
    ledger().maintain();
    EXPECT_TRUE(process->store->ledger().flush());
    EXPECT_EQ(ledger().stats().lost_leases, 1U);
    pass(1s);
    EXPECT_EQ(reply.level(), 4'000);
    EXPECT_EQ(reply.left(), dollars(6));
}

TEST_F(LeaseTest, SurvivesItsOwnPauseWhenNobodyTookIt) {
    Account& reply = account(dollars(10));
    spend(reply, dollars(4), dollars(1));
    clock.suspend(24h);
    pass(1ms);
    EXPECT_EQ(totals().forfeited, NanoDollars{});
    EXPECT_EQ(ledger().stats().lost_leases, 0U);
    EXPECT_TRUE(reserve(reply, dollars(9)));
}

TEST_F(LeaseTest, SurvivesJumpsOfTheWallClockInBothDirections) {
    Account& reply = account(dollars(10));
    Other other(*this);
    auto held = reserve(reply, dollars(4));
    pass(1s);
    other.maintain();
    for (const Duration jump : {Duration{1h}, Duration{-1h}, Duration{-1s}, Duration{2h}, Duration{-3h}}) {
        clock.jump_wall(jump);
        // Whoever looks first: nobody sweeps before the others had time to renew.
        other.maintain();
        pass(1s);
        for (int i = 0; i < 20; ++i) {
            clock.advance(1s);
            other.maintain();
            ledger().maintain();
            EXPECT_TRUE(process->store->ledger().flush());
        }
        EXPECT_EQ(totals().forfeited, NanoDollars{}) << jump.count();
        EXPECT_EQ(totals().leased, dollars(4));
    }
    settle(*held, dollars(1));
    EXPECT_EQ(totals().spent, dollars(1));
    EXPECT_TRUE(reserve(reply, dollars(9)));
}

TEST_F(LeaseTest, OfOneMonthPaysNothingOfTheNext) {
    clock.jump_wall(days{15});  // to 30 January
    Account& reply = account(dollars(10));
    const store::AccountMonth before{"reply", "users", 202601};
    ASSERT_EQ(totals("reply", 202601), store::MonthTotals{});
    auto over_the_end = reserve(reply, dollars(4));
    ASSERT_TRUE(over_the_end);
    spend(reply, dollars(5), NanoDollars{});
    EXPECT_FALSE(reserve(reply, dollars(7)));
    pass(days{2});
    EXPECT_EQ(reply.level(), 0);
    EXPECT_TRUE(reply.fits(dollars(10)));
    auto next = reserve(reply, dollars(10));
    ASSERT_TRUE(next) << "a month is a key, not a reset";
    settle(*over_the_end, dollars(3));
    EXPECT_EQ(totals("reply", 202601).spent, dollars(3)) << "a call belongs to the month it began in";
    settle(*next, dollars(10));
    EXPECT_EQ(totals("reply", 202602).spent, dollars(10));
    pass(1s);
    EXPECT_EQ(totals("reply", 202601).leased, NanoDollars{}) << "what the old month did not use went back";
    EXPECT_FALSE(reserve(reply, cents(1)));
}

TEST_F(LeaseTest, FindsTheOldMonthAgainWhenTheClockIsSetBackOverItsEnd) {
    clock.jump_wall(days{17});  // to 1 February
    Account& reply = account(dollars(10));
    clock.jump_wall(-days{1} - 1h);
    spend(reply, dollars(9), dollars(9));
    clock.jump_wall(days{1} + 1h);
    spend(reply, dollars(8), dollars(8));
    for (int i = 0; i < 5; ++i) {
        clock.jump_wall(-days{1} - 1h);
        EXPECT_FALSE(reserve(reply, dollars(2))) << "no month begins twice";
        EXPECT_EQ(reply.level() / 100, 90);
        clock.jump_wall(days{1} + 1h);
        EXPECT_FALSE(reserve(reply, dollars(3)));
        pass(1s);
        EXPECT_EQ(reply.level() / 100, 80);
    }
    EXPECT_EQ(totals("reply", 202601).spent, dollars(9));
    EXPECT_EQ(totals("reply", 202602).spent, dollars(8));
}

TEST_F(LeaseTest, KeepsMonthsByTheAccountsTimeZone) {
    clock.jump_wall(days{17} - 30min);  // to 23:30 UTC on 31 January
    Account& berlin = account(dollars(10), "berlin", "Europe/Berlin");
    Account& york = account(dollars(10), "york", "America/New_York");
    spend(berlin, dollars(1), dollars(1));
    spend(york, dollars(1), dollars(1));
    EXPECT_EQ(totals("berlin", 202602).spent, dollars(1));
    EXPECT_EQ(totals("york", 202601).spent, dollars(1));
}

TEST_F(LeaseTest, FollowsAZoneThatAReloadChanges) {
    clock.jump_wall(days{17} - 30min);
    Account& reply = account(dollars(10));
    spend(reply, dollars(9), dollars(9));
    account(dollars(10), "reply", "Europe/Berlin");
    spend(reply, dollars(10), dollars(10));  // there it is February
    account(dollars(10));
    EXPECT_FALSE(reserve(reply, dollars(2)));
    EXPECT_EQ(totals("reply", 202601).spent, dollars(9));
    EXPECT_EQ(totals("reply", 202602).spent, dollars(10));
}

TEST_F(LeaseTest, RaisesEachLevelOnceAMonthWhoeverSeesIt) {
    std::vector<std::pair<std::string, int>> raised;
    LedgerOptions options = by_hand();
    options.on_level = [&raised](const Account& account, int percent) {
        raised.emplace_back(account.name(), percent);
    };
    process->crash();
    process = std::make_unique<Process>(folder.store_url(), clock, options);
    Process other(folder.store_url(), clock, options);
    Account& reply = account(dollars(10));
    AccountOptions theirs;
    theirs.ceiling = dollars(10);
    other.ledger->account("reply", AccountKind::users, theirs);
    const auto spend_and_look = [&](NanoDollars cost) {
        spend(reply, cost, cost);
        EXPECT_TRUE(process->store->ledger().flush());
        for (int i = 0; i < 5; ++i) {
            pass(1s);
            other.ledger->maintain();
            EXPECT_TRUE(other.store->ledger().flush());
        }
    };
    using Raised = std::vector<std::pair<std::string, int>>;
    spend_and_look(cents(499));
    EXPECT_EQ(raised, Raised{});
    spend_and_look(cents(1));
    EXPECT_EQ(raised, (Raised{{"reply", 50}}));
    spend_and_look(cents(400));
    EXPECT_EQ(raised, (Raised{{"reply", 50}, {"reply", 80}}));
    spend_and_look(cents(60));
    EXPECT_EQ(raised, (Raised{{"reply", 50}, {"reply", 80}, {"reply", 95}}));
    EXPECT_FALSE(reserve(reply, dollars(1))) << "the end is reached when a call does not fit";
    spend_and_look(cents(1));
    EXPECT_EQ(raised.size(), 4U);
    EXPECT_EQ(raised.back().second, 100);
    pass(days{40});
    spend_and_look(dollars(10));
    EXPECT_EQ(raised.size(), 8U) << "another month";
    other.crash();
}

TEST_F(LeaseTest, ReachesTheLastLevelByOneRefusalHoweverManyAreToldBefore) {
    Account& reply = account(dollars(10));
    spend(reply, cents(960), cents(960));
    EXPECT_FALSE(reserve(reply, dollars(1)));
    for (int i = 0; i < 5; ++i) pass(1s);
    EXPECT_EQ(reply.stats().level, 100);
    EXPECT_EQ(ledger().stats().levels, 4U);
}

TEST_F(LeaseTest, ShowsALevelInEveryProcessAndStillAfterARestart) {
    Account& reply = account(dollars(10));
    Other other(*this);
    const Account& theirs = other.account(dollars(10));
    spend(reply, dollars(9), dollars(9));
    pass(1s);
    pass(1s);
    pass(1s);
    EXPECT_EQ(reply.stats().level, 80);
    other.maintain();
    EXPECT_EQ(theirs.stats().level, 80);
    EXPECT_EQ(ledger().stats().levels, 2U);
    restart();
    const Account& again = account(dollars(10));
    EXPECT_EQ(again.stats().level, 80);
    pass(1s);
    pass(1s);
    EXPECT_EQ(ledger().stats().levels, 0U) << "nothing is announced twice";
    account(dollars(100));
    pass(1s);
    EXPECT_EQ(again.stats().level, 80) << "what was said is not taken back";
    pass(days{40});
    EXPECT_EQ(again.stats().level, 0) << "another month";
}

}  // namespace
}  // namespace tidegate::ledger
