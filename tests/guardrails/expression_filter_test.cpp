#include "guardrails/expression_filter.h"

#include <deque>
#include <memory>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/filtered_re2.h>

namespace tidegate::guardrails {
namespace {

// Hyperscan is for one architecture only; elsewhere every text may match.
class ExpressionFilterTest : public testing::Test {
  protected:
    void SetUp() override {
#ifndef __x86_64__
        GTEST_SKIP() << "no Hyperscan on this architecture";
#endif
    }
};

class Filtered {
  public:
    explicit Filtered(const std::string& pattern) {
        int id = 0;
        EXPECT_EQ(expressions_.Add(pattern, re2::RE2::Options(), &id), re2::RE2::NoError) << pattern;
        filter_ = std::make_unique<ExpressionFilter>(expressions_);
    }
    bool may_match(std::string_view text) const { return filter_->may_match(text); }
    bool matches(std::string_view text) const {
        return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expressions_.GetRE2(0));
    }

  private:
    re2::FilteredRE2 expressions_{ExpressionFilter::kLeastLiteral};
    std::unique_ptr<ExpressionFilter> filter_;
};

TEST_F(ExpressionFilterTest, LetsNoTextPassThatLacksWhatEachMatchHolds) {
    const Filtered refund("(?i)full refund guaranteed|money back in \\d+ days");
    EXPECT_FALSE(refund.may_match("A refund is not guaranteed, nor is money back within 9 days."));
    EXPECT_TRUE(refund.may_match("FULL refund Guaranteed"));
    EXPECT_TRUE(refund.may_match("Money back in 30 days"));
    EXPECT_TRUE(refund.may_match("money back in few days")) << "RE2 knows better, and is asked";
    const Filtered both("ignore .{0,9}(?:rules|prompts)");
    EXPECT_FALSE(both.may_match("ignore the noise"));
    EXPECT_FALSE(both.may_match("the rules"));
    EXPECT_TRUE(both.may_match("ignore all rules"));
}

TEST_F(ExpressionFilterTest, LetsEveryTextPassWhereAMatchHoldsNothingCertain) {
    for (const char* pattern : {"\\d{16}", "full refund|x+", "保证退款", "ab"})
        EXPECT_TRUE(Filtered(pattern).may_match("?")) << pattern;
}

TEST_F(ExpressionFilterTest, LooksForThePartInAsciiOfWhatIsNot) {
    const Filtered size("(?i)größenwahn");
    EXPECT_TRUE(size.may_match("GRÖSSENWAHN")) << "enwahn is there";
    EXPECT_TRUE(size.may_match("GRÖßENWAHN"));
    EXPECT_FALSE(size.may_match("größe"));
}

// Characters that RE2 takes for an ASCII letter where case does not matter: ſ for s, the sign for kelvin for k.
TEST_F(ExpressionFilterTest, LetsPassWhatFoldsToAscii) {
    const Filtered kiss("(?i)secret kiss");
    for (const char* text : {"\u017Fecret kiss", "secret \u212Aiss", "SECRET KI\u017FS"}) {
        EXPECT_TRUE(kiss.matches(text)) << text;
        EXPECT_TRUE(kiss.may_match(text)) << text;
    }
}

// Whatever RE2 matches has to pass.
TEST_F(ExpressionFilterTest, StopsNothingThatMatches) {
    const std::vector<std::string> pieces{
        "secret", "Secret", "\u017Fecret", " ",   "kiss", "\u212AISS", "größe", "GRÖßE",      "保证",
        "\n",     "refund", "REFUND",      "123", "x",    "",          "é",     "\U0001F600", "rules"};
    std::deque<Filtered> filters;
    for (const char* pattern : {"(?i)secret", "secret", "(?i)secret.?kiss", "(?i)größe|refund",
                                "保证.{1,3}refund", "(?i)[rs]ecret|kis+", "(?s)refund.*rules", "\\brules\\b",
                                "(?i)(?:ſecret|kiss)[0-9]{3}", "^secret", "refund$", "(?i)É{1,2}x"})
        filters.emplace_back(pattern);
    std::mt19937 random(7);
    std::size_t matched = 0;
    std::size_t stopped = 0;
    for (int round = 0; round < 8000; ++round) {
        // Long ones are searched by other means than short ones.
        std::string text(round % 2 == 0 ? 0 : random() % 200, '.');
        for (auto left = random() % 6; left > 0; --left) text += pieces[random() % pieces.size()];
        for (const Filtered& filter : filters) {
            const bool may = filter.may_match(text);
            matched += filter.matches(text) ? 1 : 0;
            stopped += may ? 0 : 1;
            ASSERT_TRUE(may || !filter.matches(text)) << text;
        }
    }
    EXPECT_GT(matched, 1000U);
    EXPECT_GT(stopped, 10000U);
}

}  // namespace
}  // namespace tidegate::guardrails
