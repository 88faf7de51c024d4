// What a try may have cost: the reported usage, else bounds that never fall below it.
#include "calls/settle.h"

#include <tidegate/calls/variant.h>

#include <gtest/gtest.h>

namespace tidegate::calls {
namespace {

// 1 USD a million: a token is 1,000 nano-dollars.
constexpr NanoDollars kInput{1'000'000'000};
constexpr NanoDollars kOutput{2'000'000'000};

class SettleTest : public testing::Test {
  protected:
    SettleTest() {
        model_.price.tokens.input = kInput;
        model_.price.tokens.output = kOutput;
        model_.price_hash = "hash";
        hold_.bound.input_tokens = 1000;
        hold_.bound.output_tokens = 600;
        hold_.bound.input_price = kInput;
        hold_.bound.output_price = kOutput;
        hold_.bound.cost = NanoDollars{1000 * 1000 + 600 * 2000};
    }

    events::Attempt settled(const Spent& spent) {
        events::Attempt record;
        settle(model_, hold_, spent, record);
        return record;
    }

    Model model_;
    Hold hold_;
};

Spent sent() {
    Spent spent;
    spent.sent_whole = true;
    return spent;
}

TEST_F(SettleTest, CostsNothingThatTheProviderNeverGot) {
    Spent spent = sent();
    spent.sent_whole = false;
    EXPECT_EQ(settled(spent), events::Attempt{});
}

TEST_F(SettleTest, CostsNothingThatTheProviderRefused) {
    Spent spent = sent();
    spent.error_answer = true;
    EXPECT_EQ(settled(spent), events::Attempt{});
}

TEST_F(SettleTest, TakesWhatTheProviderReports) {
    Spent spent = sent();
    spent.answering = true;
    spent.answer_bytes = 5000;
    spent.usage.input = 30;
    spent.usage.output = 20;
    spent.usage.reported = true;
    const events::Attempt record = settled(spent);
    EXPECT_EQ(record.usage, spent.usage);
    EXPECT_EQ(record.usage_kind, events::UsageKind::reported);
    EXPECT_EQ(record.cost.count(), 30 * 1000 + 20 * 2000);
    EXPECT_EQ(record.price_hash, "hash");
}

TEST_F(SettleTest, BoundsTheOutputByItsLimitWhenNoAnswerCame) {
    const events::Attempt record = settled(sent());
    EXPECT_EQ(record.usage.input, 1000);
    EXPECT_EQ(record.usage.output, 600);
    EXPECT_FALSE(record.usage.reported);
    EXPECT_EQ(record.usage_kind, events::UsageKind::bounded);
    EXPECT_EQ(record.cost.count(), 1000 * 1000 + 600 * 2000);
}

TEST_F(SettleTest, BoundsTheOutputByWhatWasReceived) {
    Spent spent = sent();
    spent.answering = true;
    spent.answer_bytes = 250;
    EXPECT_EQ(settled(spent).usage.output, 250);
    spent.answer_bytes = 1'000'000;
    EXPECT_EQ(settled(spent).usage.output, 600);
}

TEST_F(SettleTest, TakesTheDearestPriceForWhatIsOnlyBounded) {
    hold_.bound.input_price = NanoDollars{5'000'000'000};
    hold_.bound.cost = NanoDollars{1000 * 5000 + 600 * 2000};
    EXPECT_EQ(settled(sent()).cost, hold_.bound.cost);
    Spent cut = sent();
    cut.answering = true;
    cut.answer_bytes = 10;
    EXPECT_EQ(settled(cut).cost.count(), 1000 * 5000 + 10 * 2000);
}

TEST_F(SettleTest, TakesTheModelsPriceWhereNothingBoundsTheCost) {
    hold_.priced = false;
    hold_.bound.cost = NanoDollars{};
    EXPECT_EQ(settled(sent()).cost.count(), 1000 * 1000 + 600 * 2000);
}

TEST_F(SettleTest, AddsUpTheTriesOfAnAttempt) {
    events::Attempt record;
    settle(model_, hold_, sent(), record);
    Spent second = sent();
    second.usage.input = 5;
    second.usage.reasoning = 7;
    second.usage.reported = true;
    settle(model_, hold_, second, record);
    EXPECT_EQ(record.usage.input, 1005);
    EXPECT_EQ(record.usage.output, 600);
    EXPECT_EQ(record.usage.reasoning, 7);
    // One bound among them makes the sum a bound.
    EXPECT_EQ(record.usage_kind, events::UsageKind::bounded);
}

TEST_F(SettleTest, KeepsTheBoundWhateverComesFirst) {
    events::Attempt record;
    Spent first = sent();
    first.usage.reported = true;
    settle(model_, hold_, first, record);
    settle(model_, hold_, sent(), record);
    EXPECT_EQ(record.usage_kind, events::UsageKind::bounded);
}

}  // namespace
}  // namespace tidegate::calls
