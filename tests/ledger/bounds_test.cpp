// The worst case of an attempt, against figures worked out by hand.
#include "dialect/padded.h"

#include <tidegate/ledger/bounds.h>
#include <tidegate/yaml/document.h>

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::ledger {
namespace {

using dialect::Format;
using dialect::ReadRequest;
using testing::AllOf;
using testing::HasSubstr;

Price price_of(const std::string& text) {
    yaml::Problems problems;
    const yaml::Document document = yaml::parse("p.yaml", "price: " + text + "\n", problems);
    Price price = parse_price(document.root()["price"]);
    EXPECT_EQ(problems.text(), "");
    return price;
}

constexpr const char* kPlain = "{input: 2.00, cache_read: 0.50, output: 8.00}";

struct Case {
    std::string body;
    std::string price = kPlain;
    Format format = Format::openai;
    dialect::Operation operation = dialect::Operation::chat;
    std::size_t body_bytes = 1000;
    std::int64_t output_limit = 100;
    std::int64_t context = 100'000;
};

Result<Bound> bound(const Case& the) {
    const ReadRequest request(the.format, the.body, the.operation);
    EXPECT_TRUE(request.good()) << request.error();
    const Price price = price_of(the.price);
    return bound_of({request.view(), the.body_bytes, the.output_limit, the.context, price});
}

std::string chat(const std::string& members = {}) {
    return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" +
           (members.empty() ? "" : "," + members) + "}";
}

std::string refusal(const Case& the) {
    const auto result = bound(the);
    if (result)
        return "";
    EXPECT_EQ(result.error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(result.error().source, ErrorSource::client);
    return result.error().message;
}

TEST(Bound, IsOneTokenAByteAndTheLimit) {
    const auto result = bound({.body = chat()});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->input_tokens, 1000);
    EXPECT_EQ(result->output_tokens, 100);
    EXPECT_EQ(result->tokens(), 1100);
    EXPECT_EQ(result->cost.to_string(), "0.002800000") << "1000 × 2.00 + 100 × 8.00 millionths";
}

TEST(Bound, MultipliesTheLimitByTheAnswersAskedFor) {
    EXPECT_EQ(bound({.body = chat(R"("n":3)")})->output_tokens, 300);
}

TEST(Bound, AddsTheBudgetOfThinkingThatToolsMayInterrupt) {
    const std::string thinking = R"("max_tokens":100,"thinking":{"type":"enabled","budget_tokens":5000})";
    const std::string tools = R"(,"tools":[{"name":"f","input_schema":{}}])";
    Case the{.body = chat(thinking + tools), .format = Format::anthropic};
    EXPECT_EQ(bound(the)->output_tokens, 5100);
    the.context = 4000;
    EXPECT_EQ(bound(the)->output_tokens, 4100) << "more than the context cannot be thought";
    the.body = chat(thinking);
    EXPECT_EQ(bound(the)->output_tokens, 100) << "without tools it is part of the limit";
    the = {.body = chat(thinking + R"(,"tools":[{"type":"function","function":{"name":"f"}}])")};
    EXPECT_EQ(bound(the)->output_tokens, 100) << "only Anthropic has such a budget";
}

TEST(Bound, AddsWhatProvidersAddForTools) {
    EXPECT_EQ(bound({.body = chat(R"("tools":[{"type":"function","function":{"name":"f"}}])")})->input_tokens,
              1512);
    EXPECT_EQ(bound({.body = chat(R"("tools":[])")})->input_tokens, 1000);
}

TEST(Bound, IsTheContextWhereBytesDoNotBoundTheInput) {
    const std::string image =
        R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a/b.png"}}]}]})";
    EXPECT_EQ(bound({.body = image})->input_tokens, 100'000);
    EXPECT_EQ(bound({.body = image, .context = 500})->input_tokens, 1000) << "never below the bytes";
    const std::string file =
        R"({"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}]})";
    EXPECT_EQ(bound({.body = file})->input_tokens, 100'000);
    const std::string earlier_audio =
        R"({"model":"m","messages":[{"role":"assistant","audio":{"id":"audio_1"}},{"role":"user","content":"go on"}]})";
    EXPECT_EQ(bound({.body = earlier_audio})->input_tokens, 100'000) << "state at the provider";
}

TEST(Bound, HasNoOutputForEmbeddings) {
    const auto result =
        bound({.body = R"({"model":"m","input":"text"})", .operation = dialect::Operation::embeddings});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->output_tokens, 0);
    EXPECT_EQ(result->cost.to_string(), "0.002000000");
}

TEST(Bound, TakesTheDearestPriceOfItsTokens) {
    // Whatever goes into the cache costs more than plain input; reasoning more than plain output.
    EXPECT_EQ(bound({.body = chat(), .price = "{input: 3, cache_read: 0.30, cache_write: 3.75, output: 15}"})
                  ->cost.to_string(),
              "0.005250000");
    EXPECT_EQ(bound({.body = chat(), .price = "{input: 2, output: 8, reasoning: 10}"})->cost.to_string(),
              "0.003000000");
    EXPECT_EQ(bound({.body = chat(), .price = "{input: 2, output: 8, request: 0.01}"})->cost.to_string(),
              "0.012800000");
}

TEST(Bound, TakesTheHigherTierOnceTheInputCouldReachIt) {
    const std::string tiers = "{input: 2, output: 8, above: {tokens: 1000, input: 4, output: 12}}";
    EXPECT_EQ(bound({.body = chat(), .price = tiers})->cost.to_string(), "0.002800000") << "1000 is not above";
    EXPECT_EQ(bound({.body = chat(), .price = tiers, .body_bytes = 1001})->cost.to_string(), "0.005204000");
    const std::string cheaper = "{input: 2, output: 8, above: {tokens: 1000, input: 1, output: 4}}";
    EXPECT_EQ(bound({.body = chat(), .price = cheaper, .body_bytes = 2000})->cost.to_string(), "0.004800000")
        << "the input may turn out below the tier";
}

TEST(Bound, TakesTheAudioPriceOnlyWhereAudioCanBe) {
    const std::string price = "{input: 2, output: 8, audio_input: 40, audio_output: 80}";
    EXPECT_EQ(bound({.body = chat(), .price = price})->cost.to_string(), "0.002800000");
    const std::string spoken =
        R"({"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}]})";
    EXPECT_EQ(bound({.body = spoken, .price = price})->input_price.to_string(), "40.000000000");
    EXPECT_EQ(bound({.body = chat(R"("modalities":["text","audio"],"audio":{"voice":"a","format":"wav"})"),
                     .price = price})
                  ->output_price.to_string(),
              "80.000000000");
}

TEST(Bound, RefusesMembersThatChangeThePriceUnlessItIsKnown) {
    EXPECT_THAT(refusal({.body = chat(R"("service_tier":"priority")")}),
                AllOf(HasSubstr("'service_tier'"), HasSubstr("leave it out")));
    EXPECT_EQ(refusal({.body = chat(R"("service_tier":"auto")")}), "");
    EXPECT_THAT(refusal({.body = chat(R"("prediction":{"type":"content","content":"x"})")}),
                HasSubstr("'prediction'"));
    EXPECT_THAT(
        refusal({.body = chat(R"("modalities":["text","audio"],"audio":{"voice":"a","format":"wav"})")}),
        HasSubstr("'audio'"));
    const std::string hour =
        R"({"model":"m","max_tokens":10,"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]}]})";
    EXPECT_THAT(refusal({.body = hour, .format = Format::anthropic}), HasSubstr("'cache_control.ttl'"));
    const std::string priced = "{input: 3, cache_write: 3.75, cache_write_1h: 6, output: 15}";
    EXPECT_EQ(refusal({.body = hour, .price = priced, .format = Format::anthropic}), "");
    EXPECT_EQ(bound({.body = hour, .price = priced, .format = Format::anthropic})->input_price.to_string(),
              "6.000000000");
}

TEST(Bound, RefusesToolsThatTheProviderRunsAndChargesFor) {
    EXPECT_THAT(refusal({.body = chat(R"("web_search_options":{})")}),
                AllOf(HasSubstr("\"web_search\""), HasSubstr("leave it out")));
    const std::string hosted =
        R"({"model":"m","max_tokens":10,"messages":[{"role":"user","content":"a"}],"tools":[{"type":"web_search_20250305","name":"web_search"}]})";
    EXPECT_THAT(refusal({.body = hosted, .format = Format::anthropic}), HasSubstr("web_search_20250305"));
}

TEST(Bound, OfAnUnknownPriceIsNothingWhateverIsAskedFor) {
    const auto result =
        bound({.body = chat(R"("service_tier":"priority","web_search_options":{})"), .price = "unknown"});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->cost, NanoDollars{});
    EXPECT_EQ(result->output_tokens, 100);
}

TEST(Bound, NeverOverflows) {
    const std::string dearest = "{input: 100000, output: 100000}";
    EXPECT_THAT(refusal({.body = chat(R"("n":128)"), .price = dearest, .output_limit = 1'000'000'000}),
                HasSubstr("more than any budget holds"));
    const auto large = bound({.body = chat(), .price = dearest, .output_limit = 50'000'000'000});
    ASSERT_TRUE(large);
    EXPECT_EQ(large->cost.count(), 5'000'000'100'000'000'000);
}

TEST(Bound, OfAnAnswerThatBrokeOffIsOneTokenAByte) {
    const auto result = bound({.body = chat()});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->cost_of_cut(0).to_string(), "0.002000000");
    EXPECT_EQ(result->cost_of_cut(40).to_string(), "0.002320000");
    EXPECT_EQ(result->cost_of_cut(100'000), result->cost) << "at most the limit";
    EXPECT_EQ(result->cost_of_cut(std::numeric_limits<std::uint64_t>::max()), result->cost);
}

TEST(Bound, CoversEveryUsageWithinIt) {
    // However the tokens are split over the kinds, what is billed is at most what was reserved.
    const Price price = price_of(
        "{input: 3, cache_read: 0.3, cache_write: 3.75, output: 15, reasoning: 16, request: 0.001, "
        "above: {tokens: 600, input: 6, output: 22}}");
    const auto worst =
        bound({.body = chat(),
               .price = "{input: 3, cache_read: 0.3, cache_write: 3.75, output: 15, reasoning: 16, "
                        "request: 0.001, above: {tokens: 600, input: 6, output: 22}}"});
    ASSERT_TRUE(worst);
    for (std::int64_t input = 0; input <= 1000; input += 50) {
        for (std::int64_t cached = 0; input + cached <= 1000; cached += 50) {
            for (std::int64_t reasoning = 0; reasoning <= 100; reasoning += 20) {
                dialect::Usage usage;
                usage.input = input;
                usage.cache_read = cached / 2;
                usage.cache_write = cached - cached / 2;
                usage.reasoning = reasoning;
                usage.output = 100 - reasoning;
                ASSERT_LE(cost_of(price, usage), worst->cost) << input << " " << cached << " " << reasoning;
            }
        }
    }
}

}  // namespace
}  // namespace tidegate::ledger
