// What the loader refuses in a single text.
#include <tidegate/yaml/document.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::yaml {
namespace {

std::string problems_of(std::string_view text, LoadOptions options = {}) {
    Problems problems;
    const Document document = parse("a.yaml", text, problems, std::move(options));
    return problems.text();
}

TEST(Document, RefusesDuplicateKeysAtTheSecond) {
    EXPECT_EQ(
        problems_of("a: 1\nb: {c: 1, \"c\": 2}\na: 3\n"),
        "a.yaml:2:11: \"c\" is already written at line 2\na.yaml:3:1: \"a\" is already written at line 1\n");
}

TEST(Document, KeepsTheFirstOfDuplicates) {
    Problems problems;
    const Document document = parse("a.yaml", "a: 1\na: &x {b: 2}\nc: *x\n", problems);
    EXPECT_EQ(document.root().json(Secrets::shown), R"({"a":1,"c":{"b":2}})");
}

TEST(Document, RefusesWhatYamlHasTooMuch) {
    EXPECT_EQ(problems_of("a: 1\n---\nb: 2\n"), "a.yaml:2:1: a second document; one file holds one document\n");
    EXPECT_EQ(problems_of("x: &x {a: 1}\ny: {<<: *x}\n"),
              "a.yaml:2:5: the merge key << is not supported; write the keys out\n");
    EXPECT_EQ(problems_of("a: !!str 5\n"), "a.yaml:1:4: tags are not supported\n");
    EXPECT_EQ(problems_of("[a]: 5\n"), "a.yaml:1:1: a key must be a scalar\n");
    EXPECT_EQ(problems_of("? {a: b}\n: 5\n"), "a.yaml:1:3: a key must be a scalar\n");
    EXPECT_EQ(problems_of("~: 5\n"), "a.yaml:1:1: a key is missing\n");
    EXPECT_EQ(problems_of("a: &x 1\n*x : 5\n"), "a.yaml:2:1: an alias cannot be a key\n");
    EXPECT_EQ(problems_of("a: &x [*x]\n"), "a.yaml:1:8: an alias of something that it is part of\n");
    EXPECT_EQ(problems_of("- a\n"), "a.yaml:1:1: the file must hold a map\n");
    EXPECT_EQ(problems_of("just text\n"), "a.yaml:1:1: the file must hold a map\n");
}

TEST(Document, RefusesEmptyTexts) {
    for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "~\n", "\xef\xbb\xbf"}) {
        EXPECT_EQ(problems_of(text), "a.yaml: the file is empty\n") << text;
    }
}

TEST(Document, RefusesAForgottenColon) {
    EXPECT_EQ(problems_of("a:\n  b: 1\nserver\n"), "a.yaml:3:1: \"server\" is not followed by a colon\n");
    for (const char* text : {"a:", "a:  ", "b: 1\na:", "a:\nb: 1\n", "b: {a: , c: 1}", "b:\n  a:\n\n# end\n"}) {
        EXPECT_EQ(problems_of(text), "") << text;
    }
}

TEST(Document, RefusesTabsAndControlCharactersAndBrokenUtf8) {
    EXPECT_EQ(problems_of("a:\n\tb: 1\n"), "a.yaml:2:1: a tab is used as indentation; use spaces\n");
    EXPECT_EQ(problems_of(std::string_view("a: \0\n", 5)), "a.yaml:1:4: holds a control character\n");
    EXPECT_EQ(problems_of("a: é\xff\n"), "a.yaml:1:5: is not UTF-8\n");
    EXPECT_EQ(problems_of("a: \xed\xa0\x80\n"), "a.yaml:1:4: is not UTF-8\n");
}

TEST(Document, NamesThePlaceOfASyntaxError) {
    EXPECT_THAT(problems_of("a: 1\nb: {c: [1}\n"), testing::StartsWith("a.yaml:2:10: "));
    EXPECT_EQ(problems_of("a: \"no end\n"), "a.yaml:1:4: a quote is not closed\n");
    EXPECT_THAT(problems_of("a: \"\\d\"\n"), testing::StartsWith("a.yaml:1:5: an unknown escape"));
}

TEST(Document, TakesOrdinaryYaml) {
    EXPECT_EQ(
        problems_of("%YAML 1.2\n---\na: it's \"plain\"\n"
                    "b:\n- c: 'x'\n  \"d\": \"y\n    z\"\n- [e,\n   {f: g}, \"h:i\"]\n"
                    "text: |\n  [[[[ {{{{ \"' \t\n\n  #not a comment\n"
                    "folded: >-\n  x\nlong: some words\n  [go on\n  \"here\nlist: [\n  a, # b\n  c\n]\n...\n"),
        "");
    EXPECT_EQ(problems_of("a: 1\r\nb: |\r\n  x\r\n"), "");
}

TEST(Document, BoundsDepth) {
    std::string flow = "a: ";
    std::string block;
    std::string dashes = "a:\n";
    for (int i = 0; i < 70; ++i) {
        flow += '[';
        block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
        dashes += "- ";
    }
    for (const std::string& text : {flow, block, dashes}) {
        EXPECT_THAT(problems_of(text), testing::HasSubstr("nested too deeply")) << text;
    }
    EXPECT_THAT(problems_of("a: " + std::string(100'000, '[')), testing::HasSubstr("nested too deeply"));
    EXPECT_THAT(problems_of("a: " + std::string(100'000, '{')), testing::HasSubstr("nested too deeply"));
    std::string questions;
    for (int i = 0; i < 100'000; ++i) questions += "? ";
    EXPECT_NE(problems_of(questions), "");
    std::string fitting = "a: " + std::string(63, '[') + std::string(63, ']');
    EXPECT_EQ(problems_of(fitting), "");
}

TEST(Document, BoundsAliases) {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
        for (int j = 0; j < 9; ++j) bomb += ", " + before;
        bomb += "]\n";
    }
    EXPECT_THAT(problems_of(bomb), testing::HasSubstr("more than 100000 values"));

    std::string wide = "a: &a \"" + std::string(1'000'000, 'x') + "\"\nb:\n";
    for (int i = 0; i < 1000; ++i) wide += "- *a\n";
    EXPECT_THAT(problems_of(wide), testing::HasSubstr("too much text"));

    std::string deep = "a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n";
    for (int i = 1; i < 9; ++i) {
        const std::string n = std::to_string(i);
        deep += "a" + n + ": &a" + n + " [[[[[[[[[[*a" + std::to_string(i - 1) + "]]]]]]]]]]\n";
    }
    EXPECT_THAT(problems_of(deep), testing::HasSubstr("nested too deeply"));
}

TEST(Document, BoundsSizeAndNumberOfValues) {
    LoadOptions options;
    options.max_file_bytes = 10;
    EXPECT_EQ(problems_of("a: 1234567890\n", options), "a.yaml: is larger than 10 bytes\n");
    std::string many;
    for (int i = 0; i < 100'001; ++i) many += "k" + std::to_string(i) + ": 1\n";
    EXPECT_THAT(problems_of(many), testing::HasSubstr("more than 100000 values"));
    std::string flow = "a: [1";
    for (int i = 0; i < 100'001; ++i) flow += ",1";
    EXPECT_THAT(problems_of(flow + "]"), testing::HasSubstr("too many entries"));
}

TEST(Document, RefusesBrokenSubstitutions) {
    EXPECT_THAT(problems_of("a: \"${X\"\n"), testing::HasSubstr("without \"}\""));
    EXPECT_THAT(problems_of("a: \"${}\"\n"), testing::HasSubstr("name of an environment variable"));
    EXPECT_THAT(problems_of("a: \"${A-B}\"\n"), testing::HasSubstr("name of an environment variable"));
    LoadOptions options;
    options.substitutions = false;
    EXPECT_EQ(problems_of("a: \"${X\"\n", options), "");
}

}  // namespace
}  // namespace tidegate::yaml
