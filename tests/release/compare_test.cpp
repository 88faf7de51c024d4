#include <tidegate/release/compare.h>

#include <string>

#include <gtest/gtest.h>

namespace tidegate::release {
namespace {

using dialect::DecodedAnswer;

DecodedAnswer text(std::string words) {
    return {std::move(words), {}};
}
DecodedAnswer call(std::string name, std::string arguments) {
    return {"", {{std::move(name), std::move(arguments)}}};
}

// What one comparator finds, or -1 if it does not apply.
double similarity(std::string_view comparator, const DecodedAnswer& live, const DecodedAnswer& other) {
    for (const events::Comparison& comparison : compare(live, other).comparisons) {
        if (comparison.comparator == comparator)
            return comparison.similarity;
    }
    return -1;
}
bool agree(const DecodedAnswer& live, const DecodedAnswer& other, CompareOptions options = {}) {
    return compare(live, other, options).agree;
}

TEST(Comparators, HaveANameEach) {
    std::string names;
    for (const Comparator& comparator : comparators()) names += std::string(comparator.name) + " ";
    EXPECT_EQ(names, "exact normalised_text token_similarity json_structure json_values tool_calls ");
}

TEST(Exact, CountsEveryByte) {
    EXPECT_EQ(similarity("exact", text("Paris."), text("Paris.")), 1);
    EXPECT_EQ(similarity("exact", text("Paris."), text("Paris")), 0);
}

TEST(NormalisedText, LeavesOutCaseSpacingPunctuationAndMarkdown) {
    EXPECT_EQ(similarity("normalised_text", text("**Paris**, of course!"), text("paris of\n\n COURSE")), 1);
    EXPECT_EQ(similarity("normalised_text", text("ﬁne café"), text("fine cafe\u0301")), 1);
    EXPECT_EQ(similarity("normalised_text", text("Of course Paris"), text("Paris of course")), 0);
}

TEST(NormalisedText, KeepsSignsThatChangeANumber) {
    EXPECT_EQ(similarity("normalised_text", text("It costs $5."), text("It costs €5.")), 0);
    EXPECT_EQ(similarity("normalised_text", text("5% more"), text("5 more")), 0);
    EXPECT_EQ(similarity("normalised_text", text("3.5 more"), text("35 more")), 0);
}

TEST(TokenSimilarity, IsTheShareOfWordsInBoth) {
    // Four of five words each are in both.
    EXPECT_DOUBLE_EQ(
        similarity("token_similarity", text("the tide is high today"), text("today the tide is low")), 0.8);
    EXPECT_DOUBLE_EQ(similarity("token_similarity", text("a a b"), text("a b b")), 2.0 / 3)
        << "as bags, not sets";
    EXPECT_EQ(similarity("token_similarity", text("flood"), text("ebb")), 0);
    EXPECT_EQ(similarity("token_similarity", text(""), text("")), 1);
    EXPECT_EQ(similarity("token_similarity", text("flood"), text("")), 0);
}

TEST(TokenSimilarity, FindsWordsInScriptsWithoutSpaces) {
    EXPECT_GT(similarity("token_similarity", text("今日は潮が高いです"), text("今日は潮が低いです")), 0.5);
    EXPECT_LT(similarity("token_similarity", text("今日は潮が高いです"), text("ありがとうございました")), 0.5);
}

TEST(Texts, AgreeFromTheMinimumSimilarityOn) {
    const DecodedAnswer live = text("the tide is high today");
    const DecodedAnswer other = text("today the tide is low");
    EXPECT_TRUE(agree(live, other, {.minimum_similarity = 0.8}));
    EXPECT_FALSE(agree(live, other, {.minimum_similarity = 0.81}));
}

TEST(Texts, OfAWordOrTwoAgreeOnlyIfTheyAreEqual) {
    EXPECT_FALSE(agree(text("category: spam"), text("category: ham")));
    EXPECT_TRUE(agree(text("category: spam"), text("Category: Spam.")));
}

TEST(Json, AgreesWhateverItsSpellingAndOrder) {
    const DecodedAnswer live = text(R"({"label": "spam", "score": 1.0, "tags": ["a", "b"]})");
    const DecodedAnswer other = text("```json\n{\"score\":1,\"tags\":[\"a\",\"b\"],\"label\":\"Spam\"}\n```");
    EXPECT_EQ(similarity("json_structure", live, other), 1);
    EXPECT_EQ(similarity("json_values", live, other), 1);
    EXPECT_TRUE(agree(live, other));
}

TEST(Json, DisagreesOnAnotherLabel) {
    const DecodedAnswer live = text(R"({"label":"spam","sure":true})");
    const DecodedAnswer other = text(R"({"label":"ham","sure":true})");
    EXPECT_EQ(similarity("json_structure", live, other), 1);
    EXPECT_EQ(similarity("json_values", live, other), 0.5);
    EXPECT_FALSE(agree(live, other));
}

TEST(Json, TakesLongerTextsForAlike) {
    EXPECT_TRUE(agree(text(R"({"answer":"The tide is high today at noon."})"),
                      text(R"({"answer":"At noon today the tide is very high."})")));
    EXPECT_FALSE(agree(text(R"({"answer":"The tide is high today at noon."})"),
                       text(R"({"answer":"I cannot say anything about that."})")));
}

TEST(Json, MissesMembersAndOtherTypes) {
    EXPECT_DOUBLE_EQ(similarity("json_structure", text(R"({"a":1,"b":2})"), text(R"({"a":1,"c":2})")), 1.0 / 3);
    EXPECT_EQ(similarity("json_structure", text(R"({"a":1})"), text(R"({"a":"1"})")), 0);
    EXPECT_EQ(similarity("json_structure", text(R"({"a":[]})"), text(R"({"a":{}})")), 0);
    EXPECT_EQ(similarity("json_structure", text(R"({"a":null})"), text(R"({"a":null})")), 1);
}

TEST(Json, DisagreesWithWhatIsNone) {
    EXPECT_EQ(similarity("json_structure", text(R"({"a":1})"), text("a is 1")), 0);
    EXPECT_FALSE(agree(text(R"({"a":1})"), text("a is 1")));
    EXPECT_FALSE(agree(text(R"({"a":1})"), text(R"({"a":1)")));
}

TEST(Json, DoesNotApplyToWordsAndNumbers) {
    EXPECT_EQ(similarity("json_structure", text("42"), text("\"42\"")), -1);
    EXPECT_EQ(similarity("json_values", text("yes"), text("no")), -1);
}

TEST(Json, NestedTooDeeplyIsText) {
    const std::string deep = std::string(1000, '[') + std::string(1000, ']');
    EXPECT_EQ(similarity("json_structure", text(deep), text(deep)), -1);
}

TEST(Json, ThatWouldTakeTooMuchMemoryIsText) {
    std::string wide = "[1";
    for (int i = 0; i < 20'000; ++i) wide += ",1";
    wide += "]";
    const std::string name(2000, 'n');
    EXPECT_EQ(similarity("json_structure", text("{\"" + name + "\":" + wide + "}"), text("{}")), 0);
    EXPECT_GT(similarity("json_structure", text(wide), text(wide)), 0);
}

TEST(ToolCalls, AgreeInAnyOrderOfCallsAndMembers) {
    const DecodedAnswer live{"", {{"weather", R"({"city":"Brest","days":2})"}, {"time", "{}"}}};
    const DecodedAnswer other{"Let me see.", {{"time", "{}"}, {"weather", R"({"days": 2, "city": "Brest"})"}}};
    EXPECT_EQ(similarity("tool_calls", live, other), 1);
    EXPECT_TRUE(agree(live, other));
}

TEST(ToolCalls, DisagreeOnNameArgumentsAndNumber) {
    const DecodedAnswer live = call("weather", R"({"city":"Brest"})");
    EXPECT_FALSE(agree(live, call("tides", R"({"city":"Brest"})")));
    EXPECT_FALSE(agree(live, call("weather", R"({"city":"Quimper"})")));
    EXPECT_FALSE(agree(live, text("It is sunny.")));
    const DecodedAnswer twice{"", {{"weather", R"({"city":"Brest"})"}, {"weather", R"({"city":"Brest"})"}}};
    EXPECT_EQ(similarity("tool_calls", live, twice), 0.5);
    EXPECT_FALSE(agree(live, twice));
}

TEST(ToolCalls, CountMoreThanTheWordsBesideThem) {
    DecodedAnswer live = call("time", "{}");
    DecodedAnswer other = live;
    live.text = "One moment, I am looking at the clock.";
    other.text = "Sure!";
    EXPECT_TRUE(agree(live, other));
}

TEST(ToolCalls, DoNotApplyWithoutAny) {
    EXPECT_EQ(similarity("tool_calls", text("a"), text("a")), -1);
}

}  // namespace
}  // namespace tidegate::release
