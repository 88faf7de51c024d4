// Templates and values: values are text, whatever they hold.
#include "prompts/support.h"

#include <numeric>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace tidegate::prompts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Values = std::map<std::string, std::string, std::less<>>;

PromptVersion version(const std::string& content, std::map<std::string, VariableRule, std::less<>> variables) {
    return {"p@1", "hash", {Template{dialect::Role::system, parse_template(content)}}, std::move(variables)};
}

// The text of the only message, or "!" and what is missing.
std::string render_one(const PromptVersion& prompt, const Values& values) {
    const auto messages = render(prompt, [&](std::string_view name) -> std::optional<std::string_view> {
        const auto found = values.find(name);
        return found == values.end() ? std::nullopt : std::optional<std::string_view>(found->second);
    });
    return messages ? messages->at(0).text : "!" + messages.error().message;
}

// "text", "<name>", …
std::vector<std::string> segments(std::string_view content) {
    std::vector<std::string> all;
    for (const auto& segment : parse_template(content))
        all.push_back(segment.is_variable ? "<" + segment.text + ">" : segment.text);
    return all;
}

TEST(Template, CutsOutVariables) {
    EXPECT_THAT(segments("Hi {{name}}!"), ElementsAre("Hi ", "<name>", "!"));
    EXPECT_THAT(segments("{{ name }}{{b-c_2}}"), ElementsAre("<name>", "<b-c_2>"));
    EXPECT_THAT(segments(""), ElementsAre());
}

TEST(Template, KeepsOtherBraces) {
    EXPECT_THAT(segments("{\"a\": {\"b\": 1}}"), ElementsAre("{\"a\": {\"b\": 1}}"));
    EXPECT_THAT(segments("{{}} {{ }} {{a b}} {{a"), ElementsAre("{{}} {{ }} {{a b}} {{a"));
    EXPECT_THAT(segments("{{{name}}}"), ElementsAre("{", "<name>", "}"));
    EXPECT_THAT(segments("{{a}} }} {{"), ElementsAre("<a>", " }} {{"));
    EXPECT_THAT(segments("{{a\nb}}{{é}}"), ElementsAre("{{a\nb}}{{é}}"));
}

TEST(Template, GivesTheTextBackWhenPutTogether) {
    const std::string braces(1U << 20U, '{');
    for (const std::string& text : {braces, braces + "}}", std::string(1U << 20U, '}'),
                                    "{{" + std::string(1U << 20U, ' '), std::string("{{x")}) {
        const auto parts = segments(text);
        EXPECT_TRUE(std::accumulate(parts.begin(), parts.end(), std::string()) == text);
    }
}

TEST(Render, PutsValuesAndDefaultsIn) {
    const auto prompt = version("{{brand}}: {{tone}}", {{"brand", {true, ""}}, {"tone", {false, "brief"}}});
    EXPECT_EQ(render_one(prompt, {{"brand", "Acme"}}), "Acme: brief");
    EXPECT_EQ(render_one(prompt, {{"brand", ""}, {"tone", "kind"}}), ": kind");
    EXPECT_EQ(render_one(prompt, {{"brand", "A"}, {"unknown", "B"}}), "A: brief");
}

TEST(Render, NamesTheMissingVariableAsTheClientsFault) {
    const auto prompt = version("{{brand}}", {{"brand", {true, ""}}});
    const auto failed = render(prompt, [](std::string_view) { return std::optional<std::string_view>(); });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(failed.error().source, ErrorSource::client);
    EXPECT_THAT(failed.error().message, HasSubstr("brand"));
}

TEST(Render, NeverReadsAValueAsATemplate) {
    const auto prompt = version("{{a}}{{b}}", {{"a", {true, ""}}, {"b", {false, "{{a}}"}}});
    EXPECT_EQ(render_one(prompt, {{"a", "{{b}}"}}), "{{b}}{{a}}");
    // Nor across the edge of two values.
    const auto split = version("{{{a}}b}}", {{"a", {true, ""}}});
    EXPECT_EQ(render_one(split, {{"a", "{"}}), "{{b}}");
}

TEST(Render, TakesEveryNaughtyStringAsItIs) {
    std::ifstream file(TIDEGATE_SOURCE_DIR "/../shared/corpora/strings/blns.json");
    if (!file)
        GTEST_SKIP() << "the corpus of strings is not here";
    const auto strings = nlohmann::json::parse(file).get<std::vector<std::string>>();
    ASSERT_GT(strings.size(), 400U);
    const auto prompt = version("<{{a}}>", {{"a", {true, ""}}});
    for (const std::string& text : strings) {
        EXPECT_EQ(render_one(prompt, {{"a", text}}), "<" + text + ">");
        EXPECT_EQ(render_one(prompt, {{"a", "x"}, {text == "a" ? "b" : text, "y"}}), "<x>");
        // As a content: what is no placeholder stays.
        const auto parts = segments(text);
        if (text.find("{{") == std::string::npos) {
            EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), std::string()), text);
        }
    }
}

}  // namespace
}  // namespace tidegate::prompts
