#include "padded.h"

#include <tidegate/dialect/argument_text.h>
#include <tidegate/dialect/texts.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::dialect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string describe(const BodyText& text) {
    constexpr std::string_view kKinds[] = {"text", "refusal", "reasoning", "arguments", "identifier"};
    return std::string(kKinds[static_cast<int>(text.kind)]) + (text.json ? " json: " : ": ") +
           std::string(text.text);
}

std::vector<std::string> describe(const Result<std::vector<BodyText>>& texts) {
    if (!texts)
        return {"error: " + texts.error().message};
    std::vector<std::string> lines;
    for (const BodyText& text : *texts) lines.push_back(describe(text));
    return lines;
}

std::vector<std::string> of_request(std::string_view body, Operation operation = Operation::chat) {
    BodyParser parser;
    const Padded padded(body);
    const auto lines = describe(request_texts(operation, padded.view(), parser));
    // A client's body that was read as a request says the same.
    for (const Format format : {Format::openai, Format::anthropic}) {
        const ReadRequest read(format, body, operation);
        if (read.good()) {
            EXPECT_EQ(describe(request_texts(read.view())), lines) << body;
        }
    }
    return lines;
}

std::vector<std::string> of_answer(Format format, std::string_view body) {
    BodyParser parser;
    const Padded padded(body);
    return describe(answer_texts(format, padded.view(), parser));
}

TEST(RequestTexts, AreEverythingThatAProviderReadsOfOpenAiMessages) {
    EXPECT_THAT(of_request(R"({"model":"gpt-x","temperature":0.5,"stop":["x"],"messages":[
        {"role":"system","content":"Be kind."},
        {"role":"developer","content":[{"type":"text","text":"Be brief."}]},
        {"role":"user","name":"jane@example.com","content":[{"type":"text","text":"Look: \u0040\n"},
            {"type":"image_url","image_url":{"url":"https://host/a.png","detail":"low"}},
            {"type":"input_audio","input_audio":{"data":"QUJD","format":"wav"}}]},
        {"role":"assistant","content":null,"refusal":"No.","reasoning_content":"Hm.","tool_calls":[
            {"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
            {"id":"call_2","type":"custom","custom":{"name":"g","input":"raw"}}]},
        {"role":"tool","tool_call_id":"call_1","content":"found 3"}],
        "tools":[{"type":"function","function":{"name":"f","description":"not a text"}}]})"),
                ElementsAre("text: Be kind.", "text: Be brief.", "identifier: jane@example.com",
                            "text: Look: @\n", "refusal: No.", "reasoning: Hm.", "arguments: {\"a\":1}",
                            "arguments: raw", "text: found 3"));
}

TEST(RequestTexts, AreEverythingThatAProviderReadsOfAnthropicMessages) {
    EXPECT_THAT(of_request(R"({"model":"claude-x","max_tokens":5,
        "system":[{"type":"text","text":"Be kind.","cache_control":{"type":"ephemeral","ttl":"1h"}}],
        "messages":[
        {"role":"user","content":"Hello"},
        {"role":"assistant","content":[{"type":"thinking","thinking":"Hm.","signature":"c2ln"},
            {"type":"redacted_thinking","data":"QUJD"},
            {"type":"tool_use","id":"t1","name":"f","input":{"city":"\u6771\u4eac"}},
            {"type":"tool_use","id":"t2","name":"g","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"rain"}]},
            {"type":"tool_result","tool_use_id":"t2","content":"sun"},
            {"type":"document","title":"A title","source":{"type":"text","media_type":"text/plain","data":"A page"}},
            {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"QUJD"}},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}}]}]})"),
                ElementsAre("text: Be kind.", "text: Hello", "reasoning: Hm.",
                            "arguments json: {\"city\":\"\\u6771\\u4eac\"}", "text: rain", "text: sun",
                            "text: A title", "text: A page"));
}

TEST(RequestTexts, AreIdentifiersAndPredictedOutputToo) {
    EXPECT_THAT(of_request(R"({"messages":[],"user":"u1","safety_identifier":"s1","metadata":{"a":"m1","b":2},
        "prediction":{"type":"content","content":"Draft"},"prompt":{"id":"p","variables":{"name":"Jane"}}})"),
                ElementsAre("identifier: u1", "identifier: s1", "identifier: m1", "text: Draft", "text: Jane"));
}

TEST(RequestTexts, AreTheClientsOwnMemberInARecord) {
    EXPECT_THAT(of_request(R"({"messages":[],"tidegate":{"variables":{"name":"Jane","id":"7"},
        "context":["known"],"baseline":"before"}})"),
                ElementsAre("text: Jane", "text: 7", "text: known", "text: before"));
}

TEST(RequestTexts, AreTheInputOfEmbeddings) {
    EXPECT_THAT(of_request(R"({"input":"one"})", Operation::embeddings), ElementsAre("text: one"));
    EXPECT_THAT(of_request(R"({"input":["one","two"]})", Operation::embeddings),
                ElementsAre("text: one", "text: two"));
}

TEST(RequestTexts, AreRefusedWhereTheyAreNumbers) {
    for (const std::string_view input : {"[1,2]", "[[1,2],[3]]", "[\"one\",[3]]"}) {
        EXPECT_THAT(of_request(R"({"input":)" + std::string(input) + "}", Operation::embeddings),
                    ElementsAre(HasSubstr("numbers of tokens")));
    }
}

TEST(AnswerTexts, AreEveryChoiceOfOpenAi) {
    EXPECT_THAT(of_answer(Format::openai, R"({"id":"c","model":"m","choices":[
        {"index":0,"message":{"role":"assistant","content":"Yes","refusal":null,"annotations":[
            {"type":"url_citation","url_citation":{"title":"A title","url":"https://host/"}}],
            "audio":{"id":"a","data":"QUJD","transcript":"spoken"}},"logprobs":{"content":[{"token":"Yes"}]},
            "finish_reason":"stop"},
        {"index":1,"message":{"content":[{"type":"text","text":"part"}],"reasoning":"why","reasoning_details":[
            {"type":"reasoning.text","text":"because","signature":"s"}],
            "tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]}}]})"),
                ElementsAre("text: Yes", "text: A title", "text: spoken", "text: part", "reasoning: why",
                            "reasoning: because", "arguments: {}"));
}

TEST(AnswerTexts, AreEveryBlockOfAnthropic) {
    EXPECT_THAT(
        of_answer(Format::anthropic, R"({"type":"message","content":[
        {"type":"thinking","thinking":"Hm.","signature":"s"},
        {"type":"text","text":"Yes","citations":[{"type":"char_location","cited_text":"quoted","document_title":"T"}]},
        {"type":"tool_use","id":"t","name":"f","input":{"a":[1]}}],"stop_reason":"end_turn"})"),
        ElementsAre("reasoning: Hm.", "text: Yes", "text: quoted", "text: T", "arguments json: {\"a\":[1]}"));
}

TEST(AnswerTexts, AreTextsUnderNamesThatNobodyKnows) {
    EXPECT_THAT(
        of_answer(Format::openai, R"({"choices":[{"message":{"Content":"a","future":{"deep":["b"]}}}]})"),
        ElementsAre("text: a", "text: b"));
}

TEST(AnswerTexts, AreNeitherIdsNorSignaturesNorBytes) {
    EXPECT_THAT(of_answer(Format::openai, R"({"choices":[{"message":{"content":"a","tool_calls":[{"id":"t",
        "type":"function","function":{"name":"f","arguments":"{}"},
        "extra_content":{"google":{"thought_signature":"c2ln"}}}],"images":[{"b64_json":"QUJD"}]}}]})"),
                ElementsAre("text: a", "arguments: {}"));
    EXPECT_THAT(
        of_answer(Format::anthropic, R"({"content":[{"type":"server_tool_use","id":"t","name":"web_search",
        "input":{"query":"q"},"caller":{"type":"direct","tool_id":"x"}},{"type":"web_search_tool_result","tool_use_id":"t",
        "content":[{"type":"web_search_result","url":"https://host/","title":"A title","encrypted_content":"QUJD"}]}]})"),
        ElementsAre("arguments json: {\"query\":\"q\"}", "text: A title"));
}

TEST(AnswerTexts, RefuseWhatTwoReadersMayReadDifferently) {
    for (const std::string_view body : {
             R"({"choices":[],"choices":[{"message":{"content":"x"}}]})",
             R"({"choices":[{"message":{"content":"a"},"message":{"content":"x"}}]})",
             R"({"choices":[{"message":{"content":"a","content":"x"}}]})",
             R"({"choices":[{"message":{"content":"a","c\u006fntent":"x"}}]})",
             R"({"choices":[{"message":{"tool_calls":[{"function":{"arguments":"","arguments":"x"}}]}}]})",
             R"({"Choices":[{"message":{"content":"x"}}]})",
             R"({"choices":[{"MESSAGE":{"content":"x"}}]})",
             R"({"choice\u017f":[{"message":{"content":"x"}}]})",
             R"({"choices":{"0":"x"}})",
             R"(["x"])",
         })
        EXPECT_THAT(of_answer(Format::openai, body), ElementsAre(testing::StartsWith("error: "))) << body;
    EXPECT_THAT(of_answer(Format::anthropic, R"({"content":[{"type":"text","text":"a","text":"x"}]})"),
                ElementsAre(testing::StartsWith("error: ")));
}

TEST(AnswerTexts, FindDuplicatesAmongManyMembers) {
    std::string members;
    for (int i = 0; i < 100; ++i) members += "\"m" + std::to_string(i) + "\":1,";
    EXPECT_THAT(of_answer(Format::openai, "{\"choices\":[{\"message\":{" + members + "\"content\":\"x\"}}]}"),
                ElementsAre("text: x"));
    EXPECT_THAT(of_answer(Format::openai, "{\"choices\":[{\"message\":{" + members + "\"m7\":\"x\"}}]}"),
                ElementsAre(testing::StartsWith("error: ")));
}

TEST(TextEdits, ChangeOnlyTheirValues) {
    const std::string body =
        R"( {"messages":[ {"content":"a\u0062" , "role":"user"}, {"content":"c"}],"x":1.0} )";
    BodyParser parser;
    const Padded padded(body);
    const auto texts = request_texts(Operation::chat, padded.view(), parser);
    ASSERT_TRUE(texts.has_value());
    ASSERT_EQ(texts->size(), 2U);
    EXPECT_EQ(texts->at(0).text, "ab");
    std::vector<TextEdit> edits;
    for (const BodyText& text : *texts) edits.push_back({text.begin, text.end, "\"[x]\""});
    std::string out;
    write_edited(body, edits, out);
    EXPECT_EQ(out, R"( {"messages":[ {"content":"[x]" , "role":"user"}, {"content":"[x]"}],"x":1.0} )");
}

std::string said(const std::vector<std::string>& pieces) {
    ArgumentText reader;
    std::string out;
    for (const std::string& piece : pieces) reader.feed(piece, out);
    reader.finish(out);
    return out;
}

TEST(ArgumentText, SaysWhatTheToolGets) {
    EXPECT_EQ(said({R"({"mail":"a\u0040b.com","n":"\n\t\"\\\/","e":"\ud83d\ude00"})"}),
              "{\"mail\":\"a@b.com\",\"n\":\"\n\t\"\\/\",\"e\":\"😀\"}");
}

TEST(ArgumentText, SaysTheSameHoweverItIsCut) {
    const std::string json =
        R"({"a":"x\u0040y\\\ud83d\ude00\ud83dz\n","\ud83d\n":[1,"\ude00\ud83d\u0041"],"b":"\u00zz\ud83d)";
    const std::string whole = said({json});
    for (std::size_t cut = 0; cut <= json.size(); ++cut)
        EXPECT_EQ(said({json.substr(0, cut), json.substr(cut)}), whole) << cut;
    std::vector<std::string> bytes;
    for (const char c : json) bytes.emplace_back(1, c);
    EXPECT_EQ(said(bytes), whole);
}

TEST(ArgumentText, KnowsWhenTheArgumentsAreWhole) {
    ArgumentText reader;
    std::string out;
    for (const char c : std::string(R"({"a":["}",{)")) {
        reader.feed(std::string(1, c), out);
        EXPECT_FALSE(reader.complete());
    }
    reader.feed("}]", out);
    EXPECT_FALSE(reader.complete());
    reader.feed("}", out);
    EXPECT_TRUE(reader.complete());
}

TEST(ArgumentText, KnowsTheWayBack) {
    const std::string json = R"({"a":"\u0040x\ud83d\ude00y"})";
    const ArgumentMap map = map_arguments(json);
    EXPECT_EQ(map.text, "{\"a\":\"@x😀y\"}");
    ASSERT_EQ(map.origin.size(), map.text.size() + 1);
    EXPECT_EQ(map.origin[map.text.find('@')], json.find("\\u0040"));
    EXPECT_EQ(map.origin[map.text.find('x')], json.find('x'));
    EXPECT_EQ(map.origin[map.text.find("😀")], json.find("\\ud83d"));
    EXPECT_EQ(map.origin[map.text.find('y')], json.find('y'));
    EXPECT_EQ(map.origin.back(), json.size());
}

}  // namespace
}  // namespace tidegate::dialect
