#include "pipeline/header_objects.h"

#include <gtest/gtest.h>

namespace tidegate::pipeline {
namespace {

auto parse(std::string_view value) {
    return parse_header_object("x-tidegate-metadata", value);
}

TEST(HeaderObjects, ReadsStringsNumbersAndBooleans) {
    const auto entries = parse(R"({"plan":"pro","age":3,"beta":true})");
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 3U);
    EXPECT_EQ((*entries)[0].first, "plan");
    EXPECT_EQ((*entries)[0].second, flags::AttributeValue(std::string("pro")));
    EXPECT_EQ((*entries)[1].second, flags::AttributeValue(3.0));
    EXPECT_EQ((*entries)[2].second, flags::AttributeValue(true));
}

TEST(HeaderObjects, ReadsBase64UrlWithAndWithoutPadding) {
    for (const char* value : {"b64:eyJhIjoiw7wifQ", "b64:eyJhIjoiw7wifQ=="}) {
        const auto entries = parse(value);
        ASSERT_TRUE(entries) << value;
        EXPECT_EQ(entries->at(0).second, flags::AttributeValue(std::string("ü")));
    }
}

TEST(HeaderObjects, RefusesWhatIsNoFlatObject) {
    for (const char* value :
         {"", "[]", "3", "{", R"({"a":{}})", R"({"a":[1]})", R"({"a":null})", R"({"a":1} x)"}) {
        EXPECT_FALSE(parse(value)) << value;
    }
}

TEST(HeaderObjects, RefusesANameThatOccursTwiceInAnySpelling) {
    EXPECT_FALSE(parse(R"({"a":1,"a":2})"));
    EXPECT_FALSE(parse(R"({"a":1,"\u0061":2})"));
}

TEST(HeaderObjects, RefusesWhatIsNoBase64Url) {
    for (const char* value : {"b64:", "b64:!", "b64:eyJhI", "b64:e30 e30"}) EXPECT_FALSE(parse(value)) << value;
}

TEST(HeaderObjects, NamesTheHeaderInItsMessage) {
    EXPECT_NE(parse("[]").error().message.find("x-tidegate-metadata"), std::string::npos);
}

}  // namespace
}  // namespace tidegate::pipeline
