#include <tidegate/base/text_appender.h>

#include <limits>
#include <utility>

#include <gtest/gtest.h>

namespace tidegate {
namespace {

TEST(TextAppender, LeavesTheTextWithWhatWasAppendedBehindWhatWasThere) {
    std::string text = "before ";
    {
        TextAppender out(text);
        out.add('a');
        out.add("bc");
        out.add("");
        out.add_json_string("d\"");
        EXPECT_EQ(out.size(), 15U);
        EXPECT_EQ(out.last(), '"');
    }
    EXPECT_EQ(text, R"(before abc"d\"")");
}

TEST(TextAppender, WritesEveryWholeNumber) {
    std::string text;
    {
        TextAppender out(text);
        out.add(std::numeric_limits<std::int64_t>::min());
        out.add(std::int64_t{0});
        out.add(std::numeric_limits<std::int64_t>::max());
    }
    EXPECT_EQ(text, "-922337203685477580809223372036854775807");
}

TEST(TextAppender, TakesTheLastByteBack) {
    std::string text;
    {
        TextAppender out(text);
        out.add("1,2,");
        out.drop_last();
        out.add(']');
    }
    EXPECT_EQ(text, "1,2]");
}

TEST(TextAppender, EscapesALongTextThatIsAllEscapes) {
    std::string text;
    std::string expected = "\"";
    {
        TextAppender out(text);
        out.add_json_string(std::string(5000, '\x01'));
    }
    for (int i = 0; i < 5000; ++i) expected += "\\u0001";
    EXPECT_EQ(text, expected + '"');
}

// A long text is taken in parts: no character is cut by where one ends.
TEST(TextAppender, EscapesWhereverACharacterStandsInALongText) {
    for (std::size_t before = 1000; before < 1040; ++before) {
        for (const auto& [character, escaped] : {std::pair{"\xf0\x9f\x8c\x8a", "\xf0\x9f\x8c\x8a"},
                                                 std::pair{"\xff", "\xef\xbf\xbd"}, std::pair{"\"", "\\\""}}) {
            std::string text;
            {
                TextAppender out(text);
                out.add_json_string(std::string(before, 'a') + character + std::string(1030, 'b'));
            }
            EXPECT_EQ(text, '"' + std::string(before, 'a') + escaped + std::string(1030, 'b') + '"') << before;
        }
    }
}

TEST(TextAppender, GrowsOverManyAppends) {
    std::string text;
    std::string expected;
    {
        TextAppender out(text);
        for (int i = 0; i < 10'000; ++i) {
            const std::string piece(static_cast<std::size_t>(i % 97), static_cast<char>('a' + i % 26));
            out.add(piece);
            expected += piece;
        }
    }
    EXPECT_EQ(text, expected);
}

}  // namespace
}  // namespace tidegate
