#include <tidegate/base/text.h>

#include <gtest/gtest.h>

namespace tidegate {
namespace {

TEST(JsonString, EscapesControlsAndQuotes) {
    EXPECT_EQ(json_string("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\n\\u0001\"");
}

TEST(JsonString, EscapesWhereverACharacterStands) {
    for (std::size_t at = 0; at < 24; ++at) {
        for (int c = 0; c < 0x80; ++c) {
            const std::string before(at, 'a');
            const std::string after(23 - at, 'z');
            const std::string one = json_string(std::string(1, static_cast<char>(c)));
            EXPECT_EQ(json_string(before + static_cast<char>(c) + after),
                      "\"" + before + one.substr(1, one.size() - 2) + after + "\"");
        }
    }
}

TEST(JsonString, KeepsUtf8AndReplacesBrokenBytes) {
    EXPECT_EQ(json_string("日本 😀"), "\"日本 😀\"");
    EXPECT_EQ(json_string("a\xff"), "\"a\xef\xbf\xbd\"");
    EXPECT_EQ(json_string("\xe6\x97"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    EXPECT_EQ(json_string("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"") << "a lone surrogate";
}

TEST(Utf8Prefix, NeverCutsACharacter) {
    EXPECT_EQ(utf8_prefix("日本", 5), "日");
    EXPECT_EQ(utf8_prefix("日本", 6), "日本");
    EXPECT_EQ(utf8_prefix("日本", 2), "");
}

TEST(EqualsIgnoringCase, ComparesAsciiOnly) {
    EXPECT_TRUE(equals_ignoring_case("Content-Length", "content-length"));
    EXPECT_FALSE(equals_ignoring_case("Ä", "ä"));
}

TEST(Trim, TakesSpacesAndTabs) {
    EXPECT_EQ(trim(" \ta b\t "), "a b");
}

TEST(Name, HasOnlyWhatMayStandInAHeaderAndAnUrl) {
    for (const char* name : {"a", "gpt-4.1_mini", "0"}) EXPECT_TRUE(is_name(name)) << name;
    for (const char* text : {"", "a b", "a;b", "a/b", "ä", "a\n"}) EXPECT_FALSE(is_name(text)) << text;
    EXPECT_TRUE(is_name("a/b:c", "/:"));
    EXPECT_TRUE(is_name(std::string(128, 'a')));
    EXPECT_FALSE(is_name(std::string(129, 'a')));
}

}  // namespace
}  // namespace tidegate
