// How long a match of a pattern may be. That it is never longer is what the fuzzer of tests/fuzz tries to
// refute.
#include "guardrails/match_width.h"

#include <gmock/gmock.h>
#include <re2/re2.h>

namespace tidegate::guardrails {
namespace {

constexpr std::size_t kUnbounded = MatchWidth::kUnbounded;

struct WidthExample {
    std::string_view pattern;
    std::size_t least;
    std::size_t most;
};

TEST(MatchWidth, CountsBytes) {
    const WidthExample examples[] = {
        {"abc", 3, 3},
        {"a|bcd|", 0, 3},
        {"a?b", 1, 2},
        {"a{3}", 3, 3},
        {"a{2,5}?", 2, 5},
        {"(?:ab){2,3}c", 5, 7},
        {"a{,3}", 5, 5},  // no repetition
        {"a{x", 3, 3},
        {"ä", 2, 2},
        {"保证", 6, 6},
        {".", 1, 4},
        {"[a-z]", 1, 1},
        {"[a-zé]", 1, 2},
        {"[^a]", 1, 4},
        {"[]a]", 1, 1},
        {"[a\\]]x", 2, 2},
        {"[\\d\\-_]", 1, 1},
        {"[[:alpha:]]", 1, 1},
        {"[[:^alpha:]]", 1, 4},
        {"[\\x{0}-\\x{FFFF}]", 1, 3},
        {"\\d\\s\\w", 3, 3},
        {"\\D", 1, 4},
        {"\\pL\\p{Greek}\\PN", 3, 12},
        {"\\x41\\x{1F600}\\n\\.\\101", 8, 8},
        {"\\Qa.b{3}\\E{2}", 12, 12},
        {"\\bword\\b", 4, 4},
        {"^$\\A\\z", 0, 0},
        {"(?P<name>ab)(c)", 3, 3},
        {"(?m:^)#", 1, 1},
        {"(?i)abc", 3, 3},
        {"(?i)ks", 2, 5},  // the Kelvin sign and the long s
        {"(?i)ä", 1, 4},
        {"(?i:a)ä", 3, 3},
        {"(?i)a(?-i)k", 2, 2},
        {"((?i)k)k", 2, 4},
        {"(?i)[a-z]", 1, 3},
        {"a*", 0, kUnbounded},
        {"a+b", 2, kUnbounded},
        {"a{2,}", 2, kUnbounded},
        {"(?:\\b)*", 0, 0},
        {"(a*)?|b", 0, kUnbounded},
    };
    for (const auto& [pattern, least, most] : examples) {
        ASSERT_TRUE(re2::RE2(std::string(pattern), re2::RE2::Quiet).ok()) << pattern;
        const auto width = match_width(pattern);
        ASSERT_TRUE(width) << pattern;
        EXPECT_LE(width->least, least) << pattern;
        EXPECT_GE(width->least, least == 0 ? 0U : 1U) << pattern;
        EXPECT_EQ(width->most, most) << pattern;
    }
}

TEST(MatchWidth, KnowsNothingOfWhatItCannotRead) {
    for (const std::string_view pattern : {"(?<name>a)", "(a", "a)", "(?=a)", "*a", "[a"})
        EXPECT_FALSE(match_width(pattern)) << pattern;
}

}  // namespace
}  // namespace tidegate::guardrails
