#include "streams.h"

#include <tidegate/dialect/stream_relay.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::dialect {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(StreamRelay, PassesBytesUntouchedWhenTheClientWantsUsage) {
    for (const auto& [name, stream] : kOpenAiStreams)
        EXPECT_EQ(relay(Format::openai, Format::openai, {std::string(stream)}, true).out, stream) << name;
    for (const auto& [name, stream] : kAnthropicStreams)
        EXPECT_EQ(relay(Format::anthropic, Format::anthropic, {std::string(stream)}).out, stream) << name;
}

TEST(StreamRelay, StripsUsageThatTheClientDidNotAskFor) {
    const Relayed relayed = relay(Format::openai, Format::openai, {std::string(kOpenAiStreams[0].second)});
    EXPECT_THAT(relayed.out, Not(HasSubstr("\"usage\":")));
    EXPECT_THAT(relayed.out, Not(HasSubstr(R"("choices":[])")));
    EXPECT_EQ(relayed.facts.usage.prompt_total(), 19);
    EXPECT_EQ(relayed.facts.usage.cache_read, 8);
    EXPECT_EQ(relayed.facts.usage.reasoning, 3);
    EXPECT_EQ(relayed.facts.usage.total(), 29);
    EXPECT_TRUE(relayed.facts.complete);
    EXPECT_EQ(relayed.facts.finish, Finish::stop);
    EXPECT_EQ(relayed.facts.model, "gpt-4.1-2025-04-14");
}

TEST(StreamRelay, StripsOnlyTheUsageMember) {
    const std::string chunk =
        "data: {\"id\":\"c\", \"usage\" : null, \"choices\":[{\"index\":0,\"delta\":{\"content\":\"the "
        "\\\"usage\\\" of\"},\"finish_reason\":null}]}\n\n";
    const Relayed relayed = relay(Format::openai, Format::openai, {chunk + "data: [DONE]\n\n"});
    EXPECT_EQ(relayed.out,
              "data: {\"id\":\"c\", \"choices\":[{\"index\":0,\"delta\":{\"content\":\"the \\\"usage\\\" "
              "of\"},\"finish_reason\":null}]}\n\ndata: [DONE]\n\n");
}

TEST(StreamRelay, PassesWhatIsNullAndReadsWhatIsNot) {
    const auto chunk = [](std::string_view delta, std::string_view more) {
        return "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":" + std::string(delta) +
               ",\"finish_reason\":null}]" + std::string(more) + "}\n\n";
    };
    const std::string nothing =
        chunk(R"({"content":"the \"usage\", an \"error\""})", R"(,"usage":null,"error": null)") +
        chunk(R"({"content":"a","refusal":null})", R"(,"usage" : null)");
    const std::string refusal = chunk(R"({"refusal":"no"})", R"(,"usage":null)");
    const std::string end =
        "data: "
        "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,"
        "\"completion_tokens\":1,\"total_tokens\":6}}\n\ndata: [DONE]\n\n";
    const Relayed plain = relay(Format::openai, Format::openai, {nothing + end}, true);
    EXPECT_EQ(plain.out, nothing + end);
    EXPECT_FALSE(plain.facts.refusal);
    EXPECT_EQ(plain.facts.usage.total(), 6);
    EXPECT_EQ(plain.facts.finish, Finish::stop);
    const Relayed refused = relay(Format::openai, Format::openai, {nothing + refusal + end}, true);
    EXPECT_EQ(refused.out, nothing + refusal + end);
    EXPECT_TRUE(refused.facts.refusal);
    const std::string filtered =
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"content_filter\"},"
        "{\"index\":1,\"delta\":{\"content\":\"b\"},\"finish_reason\":null}]}\n\n";
    EXPECT_TRUE(relay(Format::openai, Format::openai, {nothing + filtered + end}, true).facts.refusal);
}

TEST(StreamRelay, StripsUsageFromDataOfSeveralLines) {
    const Relayed relayed =
        relay(Format::openai, Format::openai,
              {"data: {\"choices\":[{\"delta\":{}}],\ndata: \"usage\":null}\n\ndata: [DONE]\n\n"});
    EXPECT_EQ(relayed.out, "data: {\"choices\":[{\"delta\":{}}]}\n\ndata: [DONE]\n\n");
}

TEST(StreamRelay, ReadsUsageFromAChunkWithChoices) {
    const Relayed relayed =
        relay(Format::openai, Format::openai,
              {"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":null}]}\n\n"
               "data: "
               "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_"
               "tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}}\n\n"
               "data: [DONE]\n\n"});
    EXPECT_EQ(relayed.facts.usage.total(), 6);
    EXPECT_EQ(relayed.facts.finish, Finish::stop);
    EXPECT_THAT(relayed.out, HasSubstr(R"("finish_reason":"stop"}]})"));
}

TEST(StreamRelay, SeesContentOnlyWhereAClientDoes) {
    const auto content = [](Format format, std::string_view event) {
        StreamRelay stream(format, format, {});
        std::string out;
        EXPECT_TRUE(stream.feed(event, out).has_value());
        return stream.facts().content;
    };
    const auto delta = [&](std::string_view json) {
        return content(Format::openai, "data: {\"choices\":[{\"index\":0,\"delta\":" + std::string(json) +
                                           ",\"finish_reason\":null}]}\n\n");
    };
    EXPECT_FALSE(delta(R"({"role":"assistant","content":""})"));
    EXPECT_FALSE(delta(R"({"role":"assistant","content":null,"refusal":null,"tool_calls":[]})"));
    EXPECT_FALSE(delta(R"({})"));
    EXPECT_TRUE(delta(R"({"content":"x"})"));
    EXPECT_TRUE(delta(R"({"refusal":"no"})"));
    EXPECT_TRUE(delta(R"({"reasoning_content":"hm"})"));
    EXPECT_TRUE(delta(R"({"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":""}}]})"));
    EXPECT_FALSE(content(Format::openai, ": comment\n\n"));
    EXPECT_FALSE(content(Format::openai, "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n"));

    EXPECT_FALSE(content(Format::anthropic,
                         "event: message_start\ndata: "
                         "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[],\"usage\":{"
                         "\"input_tokens\":5,\"output_tokens\":1}}}\n\n"));
    EXPECT_FALSE(content(Format::anthropic, "event: ping\ndata: {\"type\":\"ping\"}\n\n"));
    EXPECT_FALSE(content(Format::anthropic,
                         "event: content_block_start\ndata: "
                         "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
                         "\"text\":\"\"}}\n\n"));
    EXPECT_TRUE(content(Format::anthropic,
                        "event: content_block_start\ndata: "
                        "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_"
                        "use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}}\n\n"));
    EXPECT_TRUE(content(Format::anthropic,
                        "event: content_block_delta\ndata: "
                        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
                        "\"text\":\"x\"}}\n\n"));
    EXPECT_TRUE(content(Format::anthropic,
                        "data: "
                        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\","
                        "\"thinking\":\"x\"}}\n\n"))
        << "no event line";
}

TEST(StreamRelay, TakesAnthropicsFiguresFromBothEnds) {
    const Relayed relayed =
        relay(Format::anthropic, Format::anthropic, {std::string(kAnthropicStreams[0].second)});
    EXPECT_TRUE(relayed.facts.usage.reported);
    EXPECT_EQ(relayed.facts.usage.input, 25);
    EXPECT_EQ(relayed.facts.usage.cache_read, 10);
    EXPECT_EQ(relayed.facts.usage.cache_write, 4);
    EXPECT_EQ(relayed.facts.usage.cache_write_1h, 3);
    EXPECT_EQ(relayed.facts.usage.completion_total(), 15);
    EXPECT_EQ(relayed.facts.finish, Finish::stop);
}

TEST(StreamRelay, DoesNotTakeTheFirstOutputFigureForTheLast) {
    StreamRelay stream(Format::anthropic, Format::anthropic, {});
    std::string out;
    ASSERT_TRUE(stream
                    .feed("event: message_start\ndata: "
                          "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":5,"
                          "\"output_tokens\":1}}}\n\n",
                          out)
                    .has_value());
    EXPECT_FALSE(stream.facts().usage.reported);
    EXPECT_EQ(stream.facts().usage.input, 5);
    const Result<void> cut = stream.end_of_body(out);
    ASSERT_FALSE(cut.has_value());
    EXPECT_EQ(cut.error().kind, ErrorKind::malformed);
}

TEST(StreamRelay, NeverTakesACutStreamForAWholeOne) {
    for (const Format format : {Format::openai, Format::anthropic}) {
        for (const Format to : {Format::openai, Format::anthropic}) {
            const std::string stream(format == Format::openai ? kOpenAiStreams[0].second
                                                              : kAnthropicStreams[0].second);
            const std::string end =
                format == Format::openai ? "data: [DONE]" : "data: {\"type\":\"message_stop\"}";
            for (std::size_t cut = 0; cut < stream.size(); cut += 7) {
                StreamRelay relayed(format, to, {});
                std::string out;
                const Result<void> fed = relayed.feed(std::string_view(stream).substr(0, cut), out);
                const Result<void> ended = fed ? relayed.end_of_body(out) : fed;
                EXPECT_EQ(ended.has_value(), cut >= stream.find(end) + end.size()) << cut;
                if (!ended) {
                    EXPECT_EQ(ended.error().kind, ErrorKind::malformed);
                    EXPECT_EQ(ended.error().source, ErrorSource::upstream);
                }
            }
        }
    }
}

TEST(StreamRelay, AcceptsAnEndWithoutItsBlankLine) {
    std::string stream(kOpenAiStreams[0].second);
    stream.resize(stream.size() - 2);
    const Relayed relayed = relay(Format::openai, Format::openai, {stream}, true);
    EXPECT_TRUE(relayed.facts.complete);
    EXPECT_EQ(relayed.out, stream + "\n\n");
}

TEST(StreamRelay, EndsWithOneErrorEventWhenTheProviderBreaksOff) {
    const std::string chunk =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":null}]}\n\n";
    const std::string error =
        "data: "
        "{\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":null,\"param\":null}}\n\n";
    const Relayed same = relay(Format::openai, Format::openai, {chunk + error + chunk + "data: [DONE]\n\n"});
    EXPECT_EQ(same.out, chunk + error);
    ASSERT_TRUE(same.facts.error);
    EXPECT_EQ(same.facts.error->message, "overloaded");
    EXPECT_FALSE(same.facts.complete);
    EXPECT_TRUE(same.ended) << "the client was told";

    const Relayed crossed = relay(Format::openai, Format::anthropic, {chunk + error + chunk});
    EXPECT_TRUE(
        crossed.out.ends_with("event: error\ndata: "
                              "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"upstream_"
                              "unavailable: overloaded\"},\"request_id\":\"call1\"}\n\n"))
        << crossed.out;
    EXPECT_THAT(crossed.out, Not(HasSubstr("content_block_stop"))) << "open blocks stay open";

    const Relayed anthropic = relay(
        Format::anthropic, Format::openai,
        {"event: error\ndata: "
         "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"});
    EXPECT_EQ(anthropic.out,
              "data: "
              "{\"error\":{\"message\":\"Overloaded\",\"type\":\"server_error\",\"param\":null,\"code\":"
              "\"overloaded\"}}\n\n");
}

TEST(StreamRelay, RefusesGarbage) {
    for (const std::string_view garbage : {"data: not json\n\n", "data: [1]\n\n", "data: {\"a\":\n\n"}) {
        StreamRelay stream(Format::openai, Format::openai, {});
        std::string out;
        const Result<void> fed = stream.feed(garbage, out);
        ASSERT_FALSE(fed.has_value());
        EXPECT_EQ(fed.error().kind, ErrorKind::malformed);
    }
    EXPECT_FALSE(relay(Format::openai, Format::openai, {"{\"error\":{\"message\":\"no stream\"}}"}).ended);
    EXPECT_FALSE(relay(Format::openai, Format::openai, {""}).ended);
}

TEST(StreamRelay, BoundsAnEvent) {
    StreamRelay stream(Format::openai, Format::openai, {.max_event = 1000});
    std::string out;
    const std::string block(600, 'x');
    EXPECT_TRUE(stream.feed(block, out).has_value());
    const Result<void> refused = stream.feed(block, out);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorKind::too_large);
}

TEST(StreamRelay, GivesTheSameHoweverTheStreamIsCut) {
    for (const bool usage : {false, true}) {
        for (const Format to : {Format::openai, Format::anthropic}) {
            const auto check = [&](Format from,
                                   const std::vector<std::pair<std::string_view, std::string_view>>& streams) {
                for (const auto& [name, text] : streams) {
                    for (const std::string& stream : {std::string(text), with_crlf(text)}) {
                        const Relayed whole = relay(from, to, {stream}, usage);
                        EXPECT_TRUE(whole.ended) << name;
                        for (std::size_t cut = 1; cut < stream.size(); ++cut) {
                            const Relayed parts =
                                relay(from, to, {stream.substr(0, cut), stream.substr(cut)}, usage);
                            ASSERT_EQ(parts.out, whole.out) << name << " at " << cut;
                            ASSERT_EQ(parts.summary(), whole.summary()) << name << " at " << cut;
                        }
                        std::vector<std::string> bytes;
                        for (const char c : stream) bytes.emplace_back(1, c);
                        EXPECT_EQ(relay(from, to, bytes, usage).out, whole.out) << name;
                    }
                }
            };
            check(Format::openai, kOpenAiStreams);
            check(Format::anthropic, kAnthropicStreams);
        }
    }
}

}  // namespace
}  // namespace tidegate::dialect
