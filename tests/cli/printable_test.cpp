#include "cli/printable.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tidegate::cli {
namespace {

TEST(Printable, LeavesTextOfAnyScriptAlone) {
    for (const std::string_view text : {"", "plain", "Grüße, 潮门 🌊 ~", "\xC2\xA0", "a\\b"}) {
        EXPECT_EQ(printable(text), text);
        EXPECT_EQ(printable(text, Lines::many), text);
    }
}

TEST(Printable, EscapesWhatATerminalObeys) {
    EXPECT_EQ(printable("\x1b[31mred\x1b]0;title\x07"), "\\x1b[31mred\\x1b]0;title\\x07");
    EXPECT_EQ(printable(std::string_view("\0\r\x08\x7f", 4)), "\\x00\\x0d\\x08\\x7f");
    EXPECT_EQ(printable("\xC2\x9B"
                        "31m"),
              "\\x9b31m");  // CSI as one character
    EXPECT_EQ(printable("\xE2\x80\xAE"
                        "txt"),
              "\\u{202e}txt");  // right-to-left override
    EXPECT_EQ(printable("\xE2\x80\xA8\xEF\xBB\xBF"), "\\u{2028}\\u{feff}");
    EXPECT_EQ(printable("\xF3\xA0\x81\x81"), "\\u{e0041}");  // an invisible tag
}

TEST(Printable, EscapesWhatIsNotUtf8ByteByByte) {
    EXPECT_EQ(printable("\x9b"
                        "31m"),
              "\\x9b31m");
    EXPECT_EQ(printable("\xff\xc0\xaf"), "\\xff\\xc0\\xaf");
    EXPECT_EQ(printable("\xE2\x82"), "\\xe2\\x82");
    EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");           // a surrogate
    EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond Unicode
    EXPECT_EQ(printable("\xE0\x80\x9B"), "\\xe0\\x80\\x9b");           // too long for what it is
}

TEST(Printable, LineEndsStayOnlyWhereLinesMay) {
    EXPECT_EQ(printable("a\nb\tc"), "a\\nb\\x09c");
    EXPECT_EQ(printable("a\nb\tc\rd", Lines::many), "a\nb\tc\\x0dd");
}

TEST(Printable, JsonStaysTheSameJson) {
    const std::string value = "\x7f\xC2\x9B\xE2\x80\xAE\xF3\xA0\x81\x81 ü \"\\";
    const std::string text = nlohmann::json(value).dump();
    const std::string safe = printable_json(text);
    EXPECT_EQ(nlohmann::json::parse(safe), value);
    EXPECT_EQ(safe.find('\x7f'), std::string::npos);
    EXPECT_EQ(safe.find("\xC2\x9B"), std::string::npos);
    EXPECT_EQ(safe.find("\xE2\x80\xAE"), std::string::npos);
    EXPECT_NE(safe.find("ü"), std::string::npos);
}

}  // namespace
}  // namespace tidegate::cli
