// Bodies of every size are read alike, whether their parser is shared or their own.
#include "dialect/parsed_request.h"
#include "padded.h"

#include <gtest/gtest.h>

namespace tidegate::dialect {
namespace {

using detail::ParserState;

constexpr std::size_t kSmall = 16UL * 1024;

// As simdjson's own parser reads it.
std::string reference(std::string_view body) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    return parser.parse(body.data(), body.size()).get(root) == simdjson::SUCCESS ? simdjson::minify(root)
                                                                                 : "refused";
}

std::string read(ParserState& state, const Padded& body) {
    simdjson::dom::element root;
    return state.parse(body.view()).get(root) == simdjson::SUCCESS ? simdjson::minify(root) : "refused";
}

// Documents that take the most tokens, words and bytes of strings for their size, filled up to `size` with
// blanks.
std::vector<std::string> documents(std::size_t size) {
    const auto list_of = [&](const std::string& item) {
        std::string text = "[" + item;
        while (text.size() + item.size() + 2 <= size) text += "," + item;
        text += "]";
        return text + std::string(size - text.size(), ' ');
    };
    return {
        list_of("7"),   list_of("\"\""),           list_of("\"a\""), list_of("{\"\":\"\"}"),
        list_of("1.5"), list_of("\"\\n\\u00e4\""), list_of("[]"),    "\"" + std::string(size - 2, 'x') + "\""};
}

TEST(ParserState, ReadsSmallAndLargeBodiesAlike) {
    ParserState state;
    for (const std::size_t size : {16UL, 1000UL, kSmall - 1, kSmall, kSmall + 1, 3 * kSmall, 40UL}) {
        for (const std::string& text : documents(size)) {
            const Padded body(text);
            ASSERT_EQ(body.view().size(), size);
            EXPECT_EQ(read(state, body), reference(body.view())) << size << " " << text.substr(0, 20);
            const detail::JsonTokens tokens = state.tokens(body.view());
            EXPECT_EQ(tokens.at(0), text.front());
        }
    }
    EXPECT_EQ(read(state, Padded("\"\"")), "\"\"") << "more bytes than five for three";
    EXPECT_EQ(read(state, Padded("[1,")), "refused");
    EXPECT_EQ(read(state, Padded("")), "refused");
    EXPECT_EQ(read(state, Padded("[2]")), "[2]") << "after a refusal";
}

TEST(ParserState, KeepsWhatItReadWhileOthersRead) {
    const Padded first(R"({"a":"one \"quoted\"","list":[1,-2,3.5,null,true]})");
    const Padded second(R"({"b":"a longer text that would lie where the other one lay","n":123456789})");
    ParserState one, two;
    simdjson::dom::element root;
    ASSERT_EQ(one.parse(first.view()).get(root), simdjson::SUCCESS);
    EXPECT_EQ(read(two, second), second.view());
    EXPECT_EQ(simdjson::minify(root), first.view());
    EXPECT_EQ(one.tokens(first.view()).offset(1), 1U);
}

TEST(ParserState, TakesLittleMemoryForASmallBody) {
    ParserState state;
    const std::string text(1000, 'x');
    read(state, Padded("{\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}"));
    EXPECT_LT(state.memory(), 2000U);
}

}  // namespace
}  // namespace tidegate::dialect
