// Attempts that call records tell of: each cost is booked once, whoever tells it first, and explains a forfeit.
#include "ledger/fixture.h"

#include <array>

namespace tidegate::ledger {
namespace {

using namespace std::chrono_literals;

class ReplayTest : public LedgerTest {
  protected:
    // A reservation, and what the record of its call will say.
    struct Made {
        Reservation reservation;
        SettledAttempt told;
    };
    Made make(Account& account, NanoDollars worst, NanoDollars cost) {
        const CallId call = next_call();
        auto reserved = reserve_on(io, ledger(), {&account}, worst, call);
        EXPECT_TRUE(reserved);
        return {std::move(*reserved), {call, 1, worst, cost, {reserved->lease(0), LeaseId{}}}};
    }
    void replay(const std::vector<SettledAttempt>& told, const std::string& cursor = "1") {
        EXPECT_TRUE(ledger().replay(told, "log", cursor));
    }
    NanoDollars counted() {
        const auto now = totals();
        return now.spent + now.forfeited + now.leased;
    }
};

TEST_F(ReplayTest, BooksWhatACrashKeptFromTheStore) {
    Account& reply = account(dollars(10));
    std::vector<SettledAttempt> told;
    {
        Made lost = make(reply, dollars(2), cents(70));
        told.push_back(lost.told);
        process->store->close();  // the settlement never reaches the disk
    }
    restart();
    account(dollars(10));
    replay(told);
    EXPECT_EQ(totals().spent, cents(70));
    EXPECT_EQ(totals().leased, dollars(2) - cents(70));
    pass(11min);
    EXPECT_EQ(totals().forfeited, dollars(2) - cents(70)) << "only what no record explains";
    EXPECT_EQ(counted(), dollars(2));
}

TEST_F(ReplayTest, LowersWhatWasForfeitedAlready) {
    Account& reply = account(dollars(10));
    std::vector<SettledAttempt> told;
    {
        Made lost = make(reply, dollars(2), cents(70));
        told.push_back(lost.told);
        process->store->close();
    }
    restart();
    account(dollars(10));
    pass(11min);
    EXPECT_EQ(totals().forfeited, dollars(2));
    replay(told);
    EXPECT_EQ(totals().forfeited, dollars(2) - cents(70));
    EXPECT_EQ(totals().spent, cents(70));
}

TEST_F(ReplayTest, LeavesAloneWhatWasSettled) {
    Account& reply = account(dollars(10));
    Made made = make(reply, dollars(2), cents(70));
    made.reservation.settle(cents(70));
    replay({made.told});
    EXPECT_EQ(totals().spent, cents(70));
    EXPECT_EQ(counted(), dollars(2));
}

TEST_F(ReplayTest, MayComeBeforeTheSettlement) {
    Account& reply = account(dollars(10));
    Made made = make(reply, dollars(2), cents(70));
    replay({made.told});
    EXPECT_EQ(totals().spent, cents(70));
    made.reservation.settle(cents(70));
    EXPECT_EQ(totals().spent, cents(70));
    EXPECT_EQ(counted(), dollars(2));
}

TEST_F(ReplayTest, MayComeTwice) {
    Account& reply = account(dollars(10));
    Made made = make(reply, dollars(2), cents(70));
    replay({made.told, made.told});
    replay({made.told});
    EXPECT_EQ(totals().spent, cents(70));
}

TEST_F(ReplayTest, TellsAttemptsOfOneCallApart) {
    Account& reply = account(dollars(10));
    const CallId call = next_call();
    auto one = reserve_on(io, ledger(), {&reply}, dollars(1), call, 1);
    auto two = reserve_on(io, ledger(), {&reply}, dollars(1), call, 2);
    one->settle(cents(10));
    two->settle(cents(20));
    EXPECT_EQ(totals().spent, cents(30));
}

TEST_F(ReplayTest, BooksInEveryAccountThatPaid) {
    Account& reply = account(dollars(10));
    AccountOptions options;
    options.ceiling = dollars(10);
    Account& key = ledger().account("checkout", AccountKind::key, options);
    const CallId call = next_call();
    auto reserved = reserve_on(io, ledger(), {&reply, &key}, dollars(1), call);
    const SettledAttempt told{call, 1, dollars(1), cents(40), {reserved->lease(0), reserved->lease(1)}};
    replay({told});
    EXPECT_EQ(totals("reply").spent, cents(40));
    EXPECT_EQ(totals("checkout", 0, "key").spent, cents(40));
    reserved->settle(cents(40));
    EXPECT_EQ(totals("reply").spent, cents(40));
}

TEST_F(ReplayTest, CountsUsageAboveTheReservationToo) {
    Account& reply = account(dollars(10));
    Made other = make(reply, dollars(1), dollars(1));
    std::vector<SettledAttempt> told;
    {
        Made lost = make(reply, dollars(2), dollars(3));
        told.push_back(lost.told);
        process->store->close();
        // What is destroyed here cannot be written any more.
        other.reservation.settle(dollars(1));
    }
    restart();
    account(dollars(10));
    replay(told);
    EXPECT_EQ(totals().spent, dollars(3));
    EXPECT_EQ(totals().leased, dollars(1)) << "the other call's reservation is untouched";
}

TEST_F(ReplayTest, IgnoresAttemptsWithoutALease) {
    account(dollars(10));
    replay({{next_call(), 1, dollars(1), dollars(1), {}}});
    replay({{next_call(), 1, dollars(1), dollars(1), {LeaseId{4711, 1}, LeaseId{}}}});
    EXPECT_EQ(counted(), NanoDollars{}) << "another store's, or one long gone";
}

TEST_F(ReplayTest, RemembersTheCursorWithWhatItBooked) {
    EXPECT_EQ(*ledger().cursor("log"), std::nullopt);
    replay({}, "3:17");
    restart();
    EXPECT_EQ(*ledger().cursor("log"), "3:17");
    EXPECT_EQ(*ledger().cursor("another"), std::nullopt);
    replay({}, "4:0");
    EXPECT_EQ(*ledger().cursor("log"), "4:0");
}

TEST_F(ReplayTest, KeepsNoMarkOfWhatBothHaveTold) {
    Account& reply = account(dollars(10));
    std::vector<SettledAttempt> told;
    for (int i = 0; i < 100; ++i) {
        Made made = make(reply, cents(1), cents(1));
        told.push_back(made.told);
        if (i % 2 == 0)
            made.reservation.settle(cents(1));
        else
            replay({made.told});
    }
    for (int i = 0; i < 100; i += 2) replay({told[static_cast<std::size_t>(i)]});
    EXPECT_EQ(totals().spent, dollars(1));
    // With its marks gone a settlement that is told again would count again: nobody does that, because the
    // cursor has moved.
    replay({told[0]});
    EXPECT_EQ(totals().spent, dollars(1) + cents(1));
}

}  // namespace
}  // namespace tidegate::ledger
