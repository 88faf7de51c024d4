#include <tidegate/base/text_appender.h>

#include <limits>

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
