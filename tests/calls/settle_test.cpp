// What a try may have cost: the reported usage, else bounds that never fall below it.
#include "calls/settle.h"

#include "dialect/padded.h"

#include <tidegate/calls/variant.h>

#include <gtest/gtest.h>

namespace tidegate::calls {
namespace {

class SettleTest : public testing::Test {
  protected:
    SettleTest() {
        auto model = std::make_shared<Model>();
        model->context = 100'000;
        model->max_output = 4096;
        model->price.tokens.input =
            NanoDollars{1'000'000'000};  // 1 USD a million: a token is 1,000 nano-dollars
        model->price.tokens.output = NanoDollars{2'000'000'000};
        model->price_hash = "hash";
        variant_.model = std::move(model);
    }

    events::Attempt settled(const Spent& spent, std::int64_t output_limit = 600) {
        events::Attempt record;
        add(spent, record, output_limit);
        return record;
    }

    void add(const Spent& spent, events::Attempt& record, std::int64_t output_limit = 600) {
        const dialect::ReadRequest request(dialect::Format::openai, body_);
        EXPECT_TRUE(request.good()) << request.error();
        const AttemptRequest attempt{.variant = variant_,
                                     .request = request.view(),
                                     .variables = variables_,
                                     .call_id = "id",
                                     .first_token = {},
                                     .passed_headers = {},
                                     .idempotency_key = {},
                                     .cancellation = cancellation_};
        settle(attempt, output_limit, spent, record);
    }

    std::string body_ = R"({"model":"f","messages":[{"role":"user","content":"Hi"}]})";
    Variant variant_;
    std::function<std::optional<std::string_view>(std::string_view)> variables_;
    async::Cancellation cancellation_;
};

Spent sent(std::size_t bytes) {
    Spent spent;
    spent.sent_whole = true;
    spent.body_bytes = bytes;
    return spent;
}

TEST_F(SettleTest, CostsNothingThatTheProviderNeverGot) {
    Spent spent = sent(1000);
    spent.sent_whole = false;
    EXPECT_EQ(settled(spent), events::Attempt{});
}

TEST_F(SettleTest, CostsNothingThatTheProviderRefused) {
    Spent spent = sent(1000);
    spent.error_answer = true;
    EXPECT_EQ(settled(spent), events::Attempt{});
}

TEST_F(SettleTest, TakesWhatTheProviderReports) {
    Spent spent = sent(1000);
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
    const events::Attempt record = settled(sent(1000));
    EXPECT_EQ(record.usage.input, 1000);
    EXPECT_EQ(record.usage.output, 600);
    EXPECT_FALSE(record.usage.reported);
    EXPECT_EQ(record.usage_kind, events::UsageKind::bounded);
    EXPECT_EQ(record.cost.count(), 1000 * 1000 + 600 * 2000);
}

TEST_F(SettleTest, BoundsTheOutputByWhatWasReceived) {
    Spent spent = sent(1000);
    spent.answering = true;
    spent.answer_bytes = 250;
    EXPECT_EQ(settled(spent).usage.output, 250);
    spent.answer_bytes = 1'000'000;
    EXPECT_EQ(settled(spent).usage.output, 600);
}

TEST_F(SettleTest, CountsEachOfSeveralAnswers) {
    body_ = R"({"model":"f","n":3,"messages":[{"role":"user","content":"Hi"}]})";
    EXPECT_EQ(settled(sent(1000)).usage.output, 1800);
}

TEST_F(SettleTest, CountsTheTokensThatToolsAdd) {
    body_ = R"({"model":"f","messages":[{"role":"user","content":"Hi"}],)"
            R"("tools":[{"type":"function","function":{"name":"a","parameters":{}}}]})";
    EXPECT_EQ(settled(sent(1000)).usage.input, 1512);
}

TEST_F(SettleTest, TakesTheContextWhereBytesDoNotBoundTheInput) {
    body_ = R"({"model":"f","messages":[{"role":"user","content":)"
            R"([{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]})";
    EXPECT_EQ(settled(sent(1000)).usage.input, 100'000);
    EXPECT_EQ(settled(sent(200'000)).usage.input, 200'000);
}

TEST_F(SettleTest, AddsUpTheTriesOfAnAttempt) {
    events::Attempt record;
    add(sent(1000), record);
    Spent second = sent(1000);
    second.usage.input = 5;
    second.usage.reasoning = 7;
    second.usage.reported = true;
    add(second, record);
    EXPECT_EQ(record.usage.input, 1005);
    EXPECT_EQ(record.usage.output, 600);
    EXPECT_EQ(record.usage.reasoning, 7);
    // One bound among them makes the sum a bound.
    EXPECT_EQ(record.usage_kind, events::UsageKind::bounded);
}

TEST_F(SettleTest, KeepsTheBoundWhateverComesFirst) {
    events::Attempt record;
    Spent first = sent(10);
    first.usage.reported = true;
    add(first, record);
    add(sent(1000), record);
    EXPECT_EQ(record.usage_kind, events::UsageKind::bounded);
}

}  // namespace
}  // namespace tidegate::calls
