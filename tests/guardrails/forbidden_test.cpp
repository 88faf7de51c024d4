// The operator's own patterns.
#include "guardrails/support.h"

namespace tidegate::guardrails {
namespace {

using test::found;
using test::make;
using test::parse_one;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Forbidden, FindsEachPattern) {
    const auto guardrail =
        make(R"(kind: forbidden, patterns: ["(?i)full refund guaranteed", "\\bsecret-\\d{4}\\b"])");
    EXPECT_THAT(
        found(*guardrail->text, "A Full Refund Guaranteed! Ask for secret-1234, secret-12345, secret-9999."),
        ElementsAre("forbidden:Full Refund Guaranteed", "forbidden:secret-1234", "forbidden:secret-9999"));
    EXPECT_THAT(found(*guardrail->text, "full refund"), IsEmpty());
}

TEST(Forbidden, KeepsFlagsAndAlternativesOfAPatternApart) {
    const auto guardrail = make(R"(kind: forbidden, patterns: ["(?i)abc|def", "XYZ", "\\Qa.b\\E"])");
    EXPECT_THAT(found(*guardrail->text, "ABC xyz XYZ DEF axb a.b"),
                ElementsAre("forbidden:ABC", "forbidden:XYZ", "forbidden:DEF", "forbidden:a.b"));
}

TEST(Forbidden, KnowsTextInAnyScript) {
    const auto guardrail = make(R"(kind: forbidden, patterns: ["(?i)größe", "保证.{1,3}退款"])");
    EXPECT_THAT(found(*guardrail->text, "Die GRÖßE. 我们保证全额退款。"),
                ElementsAre("forbidden:GRÖßE", "forbidden:保证全额退款"));
}

TEST(Forbidden, SeesWhatStandsBeforeTheRestItIsGiven) {
    const auto guardrail = make(R"(kind: forbidden, patterns: ["\\bword\\b", "^start"])");
    std::vector<Match> matches;
    guardrail->text->find("xword word", 1, 10, matches);
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].begin, 6U);
    matches.clear();
    guardrail->text->find("xstart", 1, 6, matches);
    EXPECT_TRUE(matches.empty());
}

TEST(Forbidden, EndsManyMatchesWithoutABoundWithTheRestOfTheText) {
    const auto guardrail = make(R"(kind: forbidden, patterns: ["a(?:.*z)?"])");
    // Each match is one letter, but to know that it has to look for a z to the end of the text: quadratic.
    const std::string text(100'000, 'a');
    std::vector<Match> matches;
    guardrail->text->find(text, matches);
    EXPECT_LT(matches.size(), 2000U);
    EXPECT_EQ(matches.back().end, text.size());
    // A few are told apart.
    EXPECT_THAT(found(*guardrail->text, "a a"), ElementsAre("forbidden:a", "forbidden:a"));
}

TEST(Forbidden, HoldsStreamsOnlyWhereAPatternIsBounded) {
    EXPECT_EQ(parse_one(R"(kind: forbidden, patterns: ["abc"], output: block)").g->stream, StreamMode::hold);
    EXPECT_EQ(parse_one(R"(kind: forbidden, patterns: ["abc", "x+"], output: block)").g->stream,
              StreamMode::buffer);
    EXPECT_THAT(parse_one(R"(kind: forbidden, patterns: ["x+"], output: block, stream: hold)").problems,
                HasSubstr("a pattern has no longest match"));
}

TEST(Forbidden, RefusesPatternsThatCannotMean) {
    const auto problem_of = [](std::string_view pattern) {
        return parse_one("kind: forbidden, output: block, patterns: ['" + std::string(pattern) + "']").problems;
    };
    EXPECT_THAT(problem_of("(abc"),
                HasSubstr("t.yaml:2:50: guardrails.g.patterns[0]: is no pattern that RE2 takes"));
    EXPECT_THAT(problem_of("(?=x)"), HasSubstr("is no pattern that RE2 takes"));
    EXPECT_THAT(problem_of("a*"), HasSubstr("matches the empty text"));
    EXPECT_THAT(problem_of("\\b"), HasSubstr("matches the empty text"));
    EXPECT_THAT(problem_of("\\Qabc"), HasSubstr("close `\\Q`"));
    EXPECT_THAT(problem_of("((a{100}){100}){9}"), HasSubstr("is no pattern that RE2 takes"));
    EXPECT_THAT(parse_one("kind: forbidden, output: block, patterns: []").problems,
                HasSubstr("forbids nothing"));
    EXPECT_THAT(parse_one("kind: forbidden, output: block").problems, HasSubstr("patterns"));
}

}  // namespace
}  // namespace tidegate::guardrails
