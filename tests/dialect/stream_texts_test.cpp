#include <tidegate/dialect/stream_texts.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::dialect {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

SseEvent event_of(std::string_view data) {
    SseEvent event;
    event.data = data;
    event.raw = data;
    event.has_data = true;
    return event;
}

std::string_view name_of(TextKind kind) {
    constexpr std::string_view kKinds[] = {"text", "refusal", "reasoning", "arguments", "identifier"};
    return kKinds[static_cast<int>(kind)];
}

// "kind choice/part: text", or the failure.
std::vector<std::string> read(StreamTexts& reader, std::string_view data) {
    const Result<void> good = reader.read(event_of(data));
    if (!good)
        return {"error: " + good.error().message};
    std::vector<std::string> lines;
    for (const StreamText& text : reader.texts()) {
        lines.push_back(fmt::format("{} {}/{}: {}", name_of(text.block.kind), text.block.choice,
                                    text.block.part, text.text));
    }
    return lines;
}

std::vector<std::string> read(Format format, std::string_view data) {
    StreamTexts reader(format);
    return read(reader, data);
}

std::string chunk(std::string_view delta) {
    return fmt::format(R"({{"id":"c","choices":[{{"index":0,"delta":{},"finish_reason":null}}]}})", delta);
}

TEST(StreamTexts, ReadsEveryKindOfAChunk) {
    EXPECT_THAT(read(Format::openai, chunk(R"({"role":"assistant","content":"a\u0062"})")),
                ElementsAre("text 0/0: ab"));
    EXPECT_THAT(read(Format::openai, chunk(R"({"refusal":"no"})")), ElementsAre("refusal 0/0: no"));
    EXPECT_THAT(read(Format::openai, chunk(R"({"content":"","reasoning_content":"hm"})")),
                ElementsAre("reasoning 0/0: hm"));
    EXPECT_THAT(read(Format::openai, chunk(R"({"tool_calls":[
        {"index":1,"id":"t","type":"function","function":{"name":"f","arguments":"{\"a\""}},
        {"index":2,"function":{"arguments":":1"}}]})")),
                ElementsAre("arguments 0/1: {\"a\"", "arguments 0/2: :1"));
    EXPECT_THAT(read(Format::openai, chunk(R"({"function_call":{"name":"f","arguments":"{}"}})")),
                ElementsAre("arguments 0/0: {}"));
}

TEST(StreamTexts, KeepsChoicesApart) {
    EXPECT_THAT(read(Format::openai, R"({"choices":[{"index":1,"delta":{"content":"b"}},
        {"index":0,"delta":{"content":"a"}}]})"),
                ElementsAre("text 1/0: b", "text 0/0: a"));
}

TEST(StreamTexts, ReadsAnthropicsBlocksByTheirIndex) {
    EXPECT_THAT(read(Format::anthropic,
                     R"({"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"x"}})"),
                ElementsAre("text 0/2: x"));
    EXPECT_THAT(
        read(Format::anthropic,
             R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}})"),
        ElementsAre("reasoning 0/0: hm"));
    EXPECT_THAT(
        read(
            Format::anthropic,
            R"({"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{"}})"),
        ElementsAre("arguments 0/3: {"));
    EXPECT_THAT(
        read(
            Format::anthropic,
            R"({"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"a":1}}})"),
        ElementsAre("arguments 0/4: {\"a\":1}"));
    EXPECT_THAT(read(Format::anthropic,
                     R"({"type":"message_start","message":{"id":"m","content":[{"type":"text","text":"x"}]}})"),
                ElementsAre("text 0/0: x"));
    EXPECT_THAT(
        read(
            Format::anthropic,
            R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}})"),
        IsEmpty());
}

TEST(StreamTexts, TakesAStartAndItsDeltasForOneBlock) {
    StreamTexts reader(Format::anthropic);
    read(reader, R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a"}})");
    const BlockKey begun = reader.texts()[0].block;
    read(reader, R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"b"}})");
    EXPECT_EQ(reader.texts()[0].block, begun);
}

TEST(StreamTexts, GoesByWhatStandsInAnEventAndNotByItsName) {
    StreamTexts reader(Format::anthropic);
    SseEvent event = event_of(R"({"type":"ping","index":0,"delta":{"text":"x"}})");
    event.name = "ping";
    ASSERT_TRUE(reader.read(event).has_value());
    ASSERT_EQ(reader.texts().size(), 1U);
    EXPECT_EQ(reader.texts()[0].text, "x");
}

TEST(StreamTexts, SaysWhatEnds) {
    StreamTexts openai(Format::openai);
    read(openai, R"({"choices":[{"index":3,"delta":{},"finish_reason":"stop"}]})");
    ASSERT_EQ(openai.ends().size(), 1U);
    EXPECT_EQ(openai.ends()[0].choice, 3);
    EXPECT_TRUE(openai.ends()[0].every_part);
    read(openai, "[DONE]");
    ASSERT_EQ(openai.ends().size(), 1U);
    EXPECT_TRUE(openai.ends()[0].every_choice);

    StreamTexts anthropic(Format::anthropic);
    read(anthropic, R"({"type":"content_block_stop","index":5})");
    ASSERT_EQ(anthropic.ends().size(), 1U);
    EXPECT_FALSE(anthropic.ends()[0].every_part);
    EXPECT_EQ(anthropic.ends()[0].part, 5);
}

TEST(StreamTexts, KeepsHalvesOfCharactersApart) {
    StreamTexts reader(Format::openai);
    EXPECT_THAT(read(reader, chunk(R"({"content":"a\ud83d"})")), ElementsAre("text 0/0: a"));
    EXPECT_EQ(reader.texts()[0].high_half, 0xd83d);
    EXPECT_THAT(read(reader, chunk(R"({"content":"\ude00b"})")), ElementsAre("text 0/0: b"));
    EXPECT_EQ(reader.texts()[0].low_half, 0xde00);
    EXPECT_THAT(read(reader, chunk(R"({"content":"\ud83d"})")), ElementsAre("text 0/0: "));
    EXPECT_THAT(read(reader, chunk(R"({"content":"a\ud83db\ud83d\ude00\\ud83d"})")),
                ElementsAre("text 0/0: a\uFFFDb😀\\ud83d"));
    std::string whole;
    append_halves(whole, 0xd83d, 0xde00);
    append_halves(whole, 0xd83d, 0);
    EXPECT_EQ(whole, "😀\uFFFD");
}

TEST(StreamTexts, RefusesWhatTwoReadersMayReadDifferently) {
    for (const std::string_view data : {
             R"(not json)",
             R"([1])",
             R"({"choices":[{"delta":{"content":"a","content":"b"}}]})",
             R"({"choices":[{"delta":{"content":"a","\u0063ontent":"b"}}]})",
             R"({"choices":[{"delta":{"content":"a"},"delta":{"content":"b"}}]})",
             R"({"choices":[{"index":0,"index":1,"delta":{"content":"a"}}]})",
             R"({"choices":[{"index":"0","delta":{"content":"a"}}]})",
             R"({"choices":[],"choices":[{"delta":{"content":"a"}}]})",
             R"({"CHOICES":[{"delta":{"content":"a"}}]})",
             R"({"choices":["a"]})",
             "{\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}",
         })
        EXPECT_THAT(read(Format::openai, data), ElementsAre(testing::StartsWith("error: "))) << data;
    for (const std::string_view data : {
             R"({"type":"content_block_delta","index":0,"delta":{"text":"a","text":"b"}})",
             R"({"type":"content_block_delta","index":0,"Delta":{"text":"a"}})",
             R"({"type":"content_block_delta","delta":{"text":"a"}})",
             R"({"type":"content_block_delta","index":0,"index":1,"delta":{"text":"a"}})",
         })
        EXPECT_THAT(read(Format::anthropic, data), ElementsAre(testing::StartsWith("error: "))) << data;
}

TEST(StreamTexts, KnowsWhatAClientSees) {
    const auto content = [](Format format, std::string_view data) {
        StreamTexts reader(format);
        EXPECT_TRUE(reader.read(event_of(data)).has_value());
        return reader.content();
    };
    EXPECT_FALSE(content(Format::openai, chunk(R"({"role":"assistant","content":""})")));
    EXPECT_TRUE(content(Format::openai, chunk(R"({"content":"x"})")));
    EXPECT_TRUE(content(Format::openai, chunk(R"({"tool_calls":[{"index":0,"id":"t"}]})")));
    EXPECT_FALSE(content(Format::openai, "[DONE]"));
    EXPECT_FALSE(
        content(Format::anthropic,
                R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"));
    EXPECT_TRUE(content(
        Format::anthropic,
        R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","input":{}}})"));
    EXPECT_FALSE(content(Format::anthropic, R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})"));
}

TEST(StreamTexts, SaysWhereLogProbabilitiesStand) {
    const std::string data =
        R"({"choices":[{"index":0,"delta":{"content":"x"},"logprobs":{"content":[{"token":"x"}]}},{"index":1,"delta":{},"logprobs":null}]})";
    StreamTexts reader(Format::openai);
    ASSERT_TRUE(reader.read(event_of(data)).has_value());
    std::string out;
    write_edited(data, reader.without_logprobs(), out);
    EXPECT_EQ(
        out,
        R"({"choices":[{"index":0,"delta":{"content":"x"},"logprobs":null},{"index":1,"delta":{},"logprobs":null}]})");
}

TEST(WriteEvent, KeepsWhatStandsAroundTheData) {
    SseParser parser;
    parser.feed(": note\r\nevent: e\r\ndata:{\"a\":1}\r\nid: 7\r\n\r\n");
    const auto event = parser.next();
    ASSERT_TRUE(event.has_value() && event->has_value());
    std::string out;
    write_event(**event, "{}", out);
    EXPECT_EQ(out, ": note\r\nevent: e\r\ndata:{}\r\nid: 7\r\n\r\n");
}

TEST(WriteEvent, WritesDataOfSeveralLinesAnew) {
    SseParser parser;
    parser.feed("event: e\ndata: {\ndata: }\n\n");
    const auto event = parser.next();
    ASSERT_TRUE(event.has_value() && event->has_value());
    std::string out;
    write_event(**event, "{\n\"a\":1}", out);
    EXPECT_EQ(out, "event: e\ndata: {\ndata: \"a\":1}\n\n");
}

TEST(WriteEvent, WritesTheSameWhereALineEndIsCut) {
    const std::string raw = "data: {\r\ndata: }\r\n\r\n";
    std::string whole;
    for (std::size_t cut = raw.size(); cut >= raw.size() - 1; --cut) {
        SseParser parser;
        std::string out;
        for (const std::string& part : {raw.substr(0, cut), raw.substr(cut)}) {
            parser.feed(part);
            for (auto event = parser.next(); event.has_value() && event->has_value(); event = parser.next())
                (*event)->has_data ? write_event(**event, "{}", out) : void(out.append((*event)->raw));
        }
        if (whole.empty())
            whole = out;
        EXPECT_EQ(out, whole) << cut;
    }
}

}  // namespace
}  // namespace tidegate::dialect
