// Costs against a table worked out by hand; prices as the configuration writes them.
#include <tidegate/ledger/price.h>
#include <tidegate/yaml/document.h>

#include <limits>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::ledger {
namespace {

using testing::HasSubstr;

struct Read {
    explicit Read(const std::string& text) {
        const yaml::Document document = yaml::parse("p.yaml", "price: " + text + "\n", problems);
        price = parse_price(document.root()["price"]);
    }
    yaml::Problems problems;
    Price price;
};

Price price(const std::string& text) {
    const Read read(text);
    EXPECT_EQ(read.problems.text(), "");
    return read.price;
}

dialect::Usage usage(std::int64_t input, std::int64_t output) {
    dialect::Usage usage;
    usage.input = input;
    usage.output = output;
    usage.reported = true;
    return usage;
}

constexpr const char* kOpenAi = "{input: 2.00, cache_read: 0.50, output: 8.00}";
constexpr const char* kAnthropic =
    "{input: 3.00, cache_read: 0.30, cache_write: 3.75, cache_write_1h: 6.00, output: 15.00}";

TEST(Cost, IsThatOfAnOpenAiAnswer) {
    // prompt_tokens 1500 of which 1024 cached; completion_tokens 300 of which 100 reasoning:
    // 476 × 2.00 + 1024 × 0.50 + 200 × 8.00 + 100 × 8.00 = 952 + 512 + 1600 + 800 = 3864 millionths of a
    // dollar.
    dialect::Usage answer = usage(476, 200);
    answer.cache_read = 1024;
    answer.reasoning = 100;
    EXPECT_EQ(cost_of(price(kOpenAi), answer).to_string(), "0.003864000");
}

TEST(Cost, IsThatOfAnAnthropicAnswer) {
    // 25 × 3.00 + 2000 × 0.30 + 400 × 3.75 + 100 × 6.00 + 503 × 15.00 = 75 + 600 + 1500 + 600 + 7545 = 10320
    // millionths.
    dialect::Usage answer = usage(25, 503);
    answer.cache_read = 2000;
    answer.cache_write = 400;
    answer.cache_write_1h = 100;
    EXPECT_EQ(cost_of(price(kAnthropic), answer).to_string(), "0.010320000");
}

TEST(Cost, PricesEveryKindByItself) {
    const Price all = price(
        "{input: 1, cache_read: 2, cache_write: 3, cache_write_1h: 4, output: 5, reasoning: 6, audio_input: 7, "
        "audio_output: 8, request: 0.5}");
    const auto only = [&](std::int64_t dialect::Usage::* kind) {
        dialect::Usage one;
        one.*kind = 1'000'000;
        return cost_of(all, one).to_string();
    };
    EXPECT_EQ(only(&dialect::Usage::input), "1.500000000");
    EXPECT_EQ(only(&dialect::Usage::cache_read), "2.500000000");
    EXPECT_EQ(only(&dialect::Usage::cache_write), "3.500000000");
    EXPECT_EQ(only(&dialect::Usage::cache_write_1h), "4.500000000");
    EXPECT_EQ(only(&dialect::Usage::output), "5.500000000");
    EXPECT_EQ(only(&dialect::Usage::reasoning), "6.500000000");
    EXPECT_EQ(only(&dialect::Usage::audio_input), "7.500000000");
    EXPECT_EQ(only(&dialect::Usage::audio_output), "8.500000000");
}

TEST(Cost, RoundsTheSumUpOnce) {
    // A token of 0.0003 USD a million is 0.3 nano-dollars; three kinds of it together are 0.9.
    const Price tiny = price("{input: 0.0003, cache_read: 0.0003, output: 0.0003}");
    dialect::Usage three = usage(1, 1);
    three.cache_read = 1;
    EXPECT_EQ(cost_of(tiny, three).count(), 1);
    EXPECT_EQ(cost_of(tiny, usage(10, 0)).count(), 3);
    EXPECT_EQ(cost_of(tiny, usage(11, 0)).count(), 4);
    EXPECT_EQ(cost_of(tiny, usage(0, 0)).count(), 0);
}

TEST(Cost, TakesTheTierOfTheWholePrompt) {
    const Price tiered = price(
        "{input: 1.25, cache_read: 0.125, output: 10, above: {tokens: 200000, input: 2.50, cache_read: 0.25, "
        "output: 15}}");
    EXPECT_EQ(cost_of(tiered, usage(200'000, 1000)).to_string(), "0.260000000");
    EXPECT_EQ(cost_of(tiered, usage(200'001, 1000)).to_string(), "0.515002500");
    dialect::Usage cached = usage(1, 0);
    cached.cache_read = 200'000;  // the cached part counts towards the size
    EXPECT_EQ(cost_of(tiered, cached).to_string(), "0.050002500");
}

TEST(Cost, SaturatesInsteadOfOverflowing) {
    const Price dear = price("{input: 100000, output: 100000}");
    dialect::Usage most;
    most.input = most.cache_read = most.cache_write = most.output = most.reasoning = dialect::Usage::kMaximum;
    EXPECT_EQ(cost_of(dear, most).count(), std::numeric_limits<std::int64_t>::max());
}

TEST(Cost, IsNothingWithAnUnknownPrice) {
    const Price unknown = price("unknown");
    EXPECT_TRUE(unknown.unknown);
    EXPECT_EQ(cost_of(unknown, usage(1'000'000, 1'000'000)).count(), 0);
}

TEST(ParsePrice, TakesAbsentKindsFromTheirLikes) {
    const TokenPrices tokens = price("{input: 3, output: 15, cache_write: 3.75}").tokens;
    EXPECT_EQ(tokens.cache_read, tokens.input);
    EXPECT_EQ(tokens.audio_input, tokens.input);
    EXPECT_EQ(tokens.cache_write_1h, tokens.cache_write);
    EXPECT_EQ(tokens.reasoning, tokens.output);
    EXPECT_EQ(tokens.audio_output, tokens.output);
    EXPECT_EQ(price("{input: 3, output: 15}").tokens.cache_write, tokens.input);
}

TEST(ParsePrice, KeepsTheBaseInATierForWhatTheTierLeavesOut) {
    const Price tiered = price("{input: 1, cache_read: 0.1, output: 10, above: {tokens: 1000, input: 2}}");
    ASSERT_TRUE(tiered.above);
    EXPECT_EQ(tiered.above->input.to_string(), "2.000000000");
    EXPECT_EQ(tiered.above->output.to_string(), "10.000000000");
    EXPECT_EQ(tiered.above->cache_read.to_string(), "0.100000000");   // has a price of its own
    EXPECT_EQ(tiered.above->cache_write.to_string(), "2.000000000");  // follows the tier's input
}

TEST(ParsePrice, ReadsNineDecimalsExactly) {
    EXPECT_EQ(price("{input: 0.000000001, output: 0.1}").tokens.input.count(), 1);
    EXPECT_EQ(price("{input: 0.1, output: 0.3}").tokens.output.count(), 300'000'000);
    EXPECT_TRUE(Read("{input: 0.0000000001, output: 1}").problems.has_errors());
    EXPECT_TRUE(Read("{input: 1e-3, output: 1}").problems.has_errors());
    EXPECT_TRUE(Read("{input: -1, output: 1}").problems.has_errors());
}

TEST(ParsePrice, NamesWhatIsWrongAndWhere) {
    EXPECT_THAT(Read("{input: 1}").problems.text(), HasSubstr("output"));
    EXPECT_THAT(Read("{input: 1, output: 1, cached: 1}").problems.text(), HasSubstr("p.yaml:1:"));
    EXPECT_THAT(Read("free").problems.text(), HasSubstr("`unknown`"));
    EXPECT_THAT(Read("{input: 2000000, output: 1}").problems.text(), HasSubstr("per million"));
    EXPECT_THAT(Read("{input: 1, output: 1, above: {input: 2}}").problems.text(), HasSubstr("tokens"));
    EXPECT_TRUE(Read("[1, 2]").problems.has_errors());
}

TEST(PriceTableHash, ChangesWithEveryPriceAndOnlyThen) {
    const std::string hash = price_table_hash(price(kOpenAi));
    EXPECT_EQ(hash.size(), 64U);
    EXPECT_EQ(price_table_hash(price("{output: 8, cache_read: 0.500, input: 2}")), hash);
    EXPECT_NE(price_table_hash(price("{input: 2.00, cache_read: 0.50, output: 8.01}")), hash);
    EXPECT_NE(price_table_hash(price("{input: 2.00, cache_read: 0.50, output: 8.00, request: 0.01}")), hash);
    EXPECT_NE(
        price_table_hash(price("{input: 2.00, cache_read: 0.50, output: 8.00, above: {tokens: 9, input: 2}}")),
        hash);
    EXPECT_NE(price_table_hash(price("unknown")), hash);
}

}  // namespace
}  // namespace tidegate::ledger
