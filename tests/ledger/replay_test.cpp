// Attempts as call records tell of them: each cost is booked once, and explains what would be forfeited.
#include "ledger/fixture.h"

namespace tidegate::ledger {
namespace {

using namespace std::chrono_literals;

class ReplayTest : public LedgerTest {
  protected:
    NanoDollars counted() {
        const auto now = totals();
        return now.spent + now.forfeited + now.leased;
    }
};

TEST_F(ReplayTest, BooksWhatRecordsTellAfterACrash) {
    Account& reply = account(dollars(10));
    auto reserved = reserve(reply, dollars(2));
    ASSERT_TRUE(reserved);
    settle(*reserved, cents(70));
    restart();  // nobody had read the record
    account(dollars(10));
    read_records();
    EXPECT_EQ(totals().spent, cents(70));
    EXPECT_EQ(totals().leased, dollars(2) - cents(70));
    pass(11min);
    EXPECT_EQ(totals().forfeited, dollars(2) - cents(70)) << "only what no record explains";
    EXPECT_EQ(counted(), dollars(2));
}

TEST_F(ReplayTest, LowersWhatWasForfeitedAlready) {
    Account& reply = account(dollars(10));
    auto reserved = reserve(reply, dollars(2));
    ASSERT_TRUE(reserved);
    settle(*reserved, cents(70));
    const auto unread = std::exchange(records, {});
    restart();
    account(dollars(10));
    pass(11min);
    EXPECT_EQ(totals().forfeited, dollars(2));
    records = unread;
    EXPECT_EQ(totals().forfeited, dollars(2) - cents(70));
    EXPECT_EQ(totals().spent, cents(70));
}

TEST_F(ReplayTest, BooksEachAttemptOnce) {
    Account& reply = account(dollars(10));
    auto reserved = reserve(reply, dollars(2));
    ASSERT_TRUE(reserved);
    settle(*reserved, cents(70));
    const auto told = records;
    records.insert(records.end(), told.begin(), told.end());
    EXPECT_EQ(totals().spent, cents(70));
    records = told;
    EXPECT_EQ(totals().spent, cents(70));
    EXPECT_EQ(counted(), dollars(2));
}

TEST_F(ReplayTest, TellsAttemptsOfOneCallApart) {
    Account& reply = account(dollars(10));
    auto one = reserve(reply, dollars(1));
    auto two = reserve(reply, dollars(1));
    ASSERT_TRUE(one && two);
    settle(*one, cents(10));
    settle(*two, cents(20));
    records[1].call = records[0].call;
    records[1].attempt = 2;
    EXPECT_EQ(totals().spent, cents(30));
}

TEST_F(ReplayTest, BooksInEveryAccountThatPaid) {
    Account& reply = account(dollars(10));
    AccountOptions options;
    options.ceiling = dollars(10);
    Account& key = ledger().account("checkout", AccountKind::key, options);
    auto reserved = reserve({&reply, &key}, dollars(1));
    ASSERT_TRUE(reserved);
    settle(*reserved, cents(40));
    EXPECT_EQ(totals("reply").spent, cents(40));
    EXPECT_EQ(totals("checkout", 0, "key").spent, cents(40));
}

TEST_F(ReplayTest, CountsUsageAboveTheReservationToo) {
    Account& reply = account(dollars(10));
    auto other = reserve(reply, dollars(1));
    auto lost = reserve(reply, dollars(2));
    ASSERT_TRUE(other && lost);
    settle(*lost, dollars(3));
    restart();
    account(dollars(10));
    EXPECT_EQ(totals().spent, dollars(3));
    EXPECT_EQ(totals().leased, dollars(1)) << "the other call's reservation is untouched";
}

TEST_F(ReplayTest, MayBeBehindWhenTheProcessEnds) {
    Account& reply = account(dollars(10));
    spend(reply, dollars(2), cents(70));
    auto unread = std::exchange(records, {});
    ledger().close();
    EXPECT_EQ(totals().leased, cents(70)) << "only what records will tell";
    records = std::move(unread);
    EXPECT_EQ(totals().leased, NanoDollars{});
    EXPECT_EQ(totals().spent, cents(70));
    restart();
    pass(24h);
    EXPECT_EQ(totals().forfeited, NanoDollars{});
}

TEST_F(ReplayTest, MayBeBehindWhenTheMonthEnds) {
    clock.jump_wall(std::chrono::days{17} - 1min);
    Account& reply = account(dollars(10));
    spend(reply, dollars(2), cents(70));
    auto unread = std::exchange(records, {});
    pass(2min);
    EXPECT_EQ(totals("reply", 202601).leased, cents(70));
    records = std::move(unread);
    EXPECT_EQ(totals("reply", 202601).spent, cents(70));
    EXPECT_EQ(totals("reply", 202601).leased, NanoDollars{});
    pass(1h);
    EXPECT_EQ(totals("reply", 202601).forfeited, NanoDollars{});
}

TEST_F(ReplayTest, ForfeitsAnEndedMonthsCostsThatNoRecordTells) {
    Account& reply = account(dollars(10));
    spend(reply, dollars(2), cents(70));
    records.clear();
    pass(std::chrono::days{20});
    pass(1h);
    EXPECT_EQ(totals("reply", 202601).forfeited, cents(70)) << "by its own process as well";
    EXPECT_EQ(totals("reply", 202601).leased, NanoDollars{});
}

TEST_F(ReplayTest, IgnoresAttemptsWithoutALeaseOfThisStore) {
    account(dollars(10));
    records = {{CallId::make(clock.wall()), 1, dollars(1), dollars(1), {}},
               {CallId::make(clock.wall()), 1, dollars(1), dollars(1), {LeaseId{4711, 1}, LeaseId{}}}};
    EXPECT_EQ(counted(), NanoDollars{});
}

TEST_F(ReplayTest, RemembersTheCursorWithWhatItBooked) {
    EXPECT_EQ(*ledger().cursor("a log"), std::nullopt);
    EXPECT_TRUE(ledger().replay({}, "a log", "3:17"));
    restart();
    EXPECT_EQ(*ledger().cursor("a log"), "3:17");
    EXPECT_EQ(*ledger().cursor("another"), std::nullopt);
    EXPECT_TRUE(ledger().replay({}, "a log", "4:0"));
    EXPECT_EQ(*ledger().cursor("a log"), "4:0");
}

}  // namespace
}  // namespace tidegate::ledger
