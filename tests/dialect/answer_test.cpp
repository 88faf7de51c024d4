#include "padded.h"
#include "streams.h"

#include <tidegate/dialect/answer.h>
#include <tidegate/dialect/decode.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tidegate::dialect {
namespace {

using testing::HasSubstr;

Result<AnswerFacts> read(Format format, std::string_view body, Operation operation = Operation::chat) {
    BodyParser parser;
    const Padded padded(body);
    return read_answer(format, operation, padded.view(), parser);
}

TEST(Answer, ReadsWhatRecordsAndFallbacksNeed) {
    const Result<AnswerFacts> openai = read(
        Format::openai,
        R"({"id":"c1","model":"gpt-x","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"length"}]})");
    ASSERT_TRUE(openai.has_value());
    EXPECT_EQ(openai->id, "c1");
    EXPECT_EQ(openai->model, "gpt-x");
    EXPECT_EQ(openai->finish, Finish::length);
    EXPECT_TRUE(openai->has_content);
    EXPECT_FALSE(openai->refusal);

    const Result<AnswerFacts> anthropic = read(
        Format::anthropic,
        R"({"id":"m1","model":"claude-x","content":[{"type":"tool_use","id":"t","name":"f","input":{}}],"stop_reason":"tool_use"})");
    ASSERT_TRUE(anthropic.has_value());
    EXPECT_EQ(anthropic->finish, Finish::tool_calls);
    EXPECT_TRUE(anthropic->has_content);
}

TEST(Answer, SeesRefusals) {
    EXPECT_TRUE(read(Format::openai,
                     R"({"choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}]})")
                    ->refusal);
    EXPECT_TRUE(
        read(Format::openai, R"({"choices":[{"message":{"content":""},"finish_reason":"content_filter"}]})")
            ->refusal);
    EXPECT_TRUE(read(Format::anthropic, R"({"content":[],"stop_reason":"refusal"})")->refusal);
}

TEST(Answer, SeesWhenThereIsNoContent) {
    EXPECT_FALSE(read(Format::openai,
                      R"({"choices":[{"message":{"content":null,"tool_calls":[]},"finish_reason":"stop"}]})")
                     ->has_content);
    EXPECT_FALSE(read(Format::anthropic, R"({"content":[{"type":"text","text":""}],"stop_reason":"end_turn"})")
                     ->has_content);
}

TEST(Answer, IsMalformedWhenItIsNoAnswer) {
    const std::vector<std::pair<Format, std::string_view>> bodies = {
        {Format::openai, ""},
        {Format::openai, "<html>"},
        {Format::openai, "[]"},
        {Format::openai, "null"},
        {Format::openai, "{}"},
        {Format::openai, R"({"choices":[]})"},
        {Format::openai, R"({"choices":{}})"},
        {Format::openai, R"({"choices":[1]})"},
        {Format::openai, R"({"choices":[{"index":0}]})"},
        {Format::openai, R"({"choices":[{"message":{"content":"cut)"},
        {Format::openai, R"({"error":{"message":"broken","type":"server_error"}})"},
        {Format::openai, R"({"error":"broken"})"},
        {Format::anthropic, R"({"type":"error","error":{"type":"overloaded_error","message":"broken"}})"},
        {Format::anthropic, R"({"content":"text"})"},
        {Format::anthropic, R"({"content":[7]})"},
    };
    for (const auto& [format, body] : bodies) {
        const Result<AnswerFacts> facts = read(format, body);
        ASSERT_FALSE(facts.has_value()) << body;
        EXPECT_EQ(facts.error().kind, ErrorKind::malformed);
        EXPECT_EQ(facts.error().source, ErrorSource::upstream);
    }
    EXPECT_THAT(read(Format::openai, R"({"error":{"message":"broken"}})").error().message, HasSubstr("broken"));
    EXPECT_TRUE(read(Format::openai, R"({"error":null,"choices":[{"message":{"content":"x"}}]})").has_value());
}

TEST(Answer, ReadsEmbeddings) {
    const Result<AnswerFacts> facts = read(
        Format::openai,
        R"({"object":"list","data":[{"index":0,"embedding":[0.1]}],"model":"e","usage":{"prompt_tokens":8,"total_tokens":8}})",
        Operation::embeddings);
    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(facts->usage.input, 8);
    EXPECT_EQ(facts->usage.total(), 8);
    EXPECT_FALSE(read(Format::openai, R"({"data":[]})", Operation::embeddings).has_value());
}

constexpr std::string_view kText = "Line \"one\"\n日本 😀";

TEST(TextAnswer, IsAValidAnswerThatCostsNothing) {
    for (const Format format : {Format::openai, Format::anthropic}) {
        std::string out;
        write_text_answer(format, {.call_id = "call1", .model = "sorry", .created = 5}, kText, out);
        const Result<AnswerFacts> facts = read(format, out);
        ASSERT_TRUE(facts.has_value()) << out;
        EXPECT_EQ(facts->finish, Finish::stop);
        EXPECT_EQ(facts->model, "sorry");
        EXPECT_EQ(facts->usage.total(), 0);
        EXPECT_EQ(answer_text(format, false, out), kText);
    }
}

TEST(TextAnswer, IsAValidStream) {
    for (const Format format : {Format::openai, Format::anthropic}) {
        for (const bool usage : {false, true}) {
            std::string out;
            write_text_stream(format, {.call_id = "call1", .model = "sorry", .created = 5}, kText, usage, out);
            const Relayed relayed = relay(format, format, {out}, usage);
            EXPECT_TRUE(relayed.ended);
            EXPECT_EQ(relayed.out, out) << "nothing to strip";
            EXPECT_TRUE(relayed.facts.content);
            EXPECT_EQ(relayed.facts.finish, Finish::stop);
            EXPECT_EQ(relayed.facts.usage.total(), 0);
            EXPECT_EQ(answer_text(format, true, out), kText);
            if (format == Format::openai) {
                EXPECT_EQ(out.find("\"usage\"") != std::string::npos, usage);
            }
        }
    }
}

TEST(Decode, ReadsTheTextOfStreamsOfBothFormats) {
    EXPECT_EQ(answer_text(Format::openai, true, kOpenAiStreams[0].second), "日本 😀 \"usage\" é");
    EXPECT_EQ(answer_text(Format::anthropic, true, kAnthropicStreams[0].second), "日本 😀!");
}

TEST(Decode, ReadsTheToolsOfAStream) {
    const DecodedAnswer answer = decode_answer(Format::openai, true, kOpenAiStreams[1].second);
    EXPECT_EQ(answer.text, "Let me see.");
    ASSERT_EQ(answer.tools.size(), 2U);
    EXPECT_EQ(answer.tools[0].name, "weather");
    EXPECT_EQ(answer.tools[0].arguments, R"({"city":"東京"})");
    EXPECT_EQ(answer.tools[1].name, "time");
    EXPECT_EQ(answer.tools[1].arguments, "{}");
}

TEST(Decode, ReadsTheToolsOfABody) {
    const std::string openai =
        R"({"choices":[{"message":{"content":"Let me see.","tool_calls":[{"id":"a","type":"function","function":{"name":"weather","arguments":"{\"city\": 1}"}}]}}]})";
    const std::string anthropic =
        R"({"content":[{"type":"text","text":"Let me see."},{"type":"tool_use","id":"a","name":"weather","input":{"city":1}}]})";
    for (const auto& [format, body] :
         {std::pair(Format::openai, openai), std::pair(Format::anthropic, anthropic)}) {
        const DecodedAnswer answer = decode_answer(format, false, body);
        EXPECT_EQ(answer.text, "Let me see.");
        ASSERT_EQ(answer.tools.size(), 1U) << to_string(format);
        EXPECT_EQ(answer.tools[0].name, "weather");
        EXPECT_NE(answer.tools[0].arguments.find("city"), std::string::npos);
    }
}

TEST(Decode, ReadsWhatIsLeftOfACutBody) {
    const std::string openai =
        R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"a\n日 \ud83d\ude00 b"},"finish_reason":"stop"}]})";
    const std::string anthropic =
        R"({"id":"c","content":[{"type":"text","text":"a\n日 \ud83d\ude00 b"}],"stop_reason":"end_turn"})";
    const std::string text = "a\n日 😀 b";
    for (const auto& [format, body] :
         {std::pair(Format::openai, openai), std::pair(Format::anthropic, anthropic)}) {
        std::size_t longest = 0;
        for (std::size_t cut = 0; cut <= body.size(); ++cut) {
            const std::string got = answer_text(format, false, std::string_view(body).substr(0, cut));
            EXPECT_TRUE(text.starts_with(got)) << got;
            EXPECT_GE(got.size(), longest) << "more bytes, not less text";
            longest = std::max(longest, got.size());
        }
        EXPECT_EQ(longest, text.size());
    }
}

TEST(Decode, NeverFailsOnCutStreamsOrGarbage) {
    for (const Format format : {Format::openai, Format::anthropic}) {
        const std::string_view stream =
            format == Format::openai ? kOpenAiStreams[0].second : kAnthropicStreams[0].second;
        const std::string whole = answer_text(format, true, stream);
        for (std::size_t cut = 0; cut <= stream.size(); ++cut)
            EXPECT_TRUE(whole.starts_with(answer_text(format, true, stream.substr(0, cut))));
        EXPECT_EQ(answer_text(format, false, "garbage"), "");
        EXPECT_EQ(answer_text(format, false, ""), "");
        EXPECT_EQ(answer_text(format, true, "data: garbage\n\n"), "");
    }
}

}  // namespace
}  // namespace tidegate::dialect
