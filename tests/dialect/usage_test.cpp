// The figures of providers, as they come, in disjoint buckets whose sum is the provider's total.
#include "padded.h"
#include "streams.h"

#include <tidegate/dialect/answer.h>

#include <gtest/gtest.h>

namespace tidegate::dialect {
namespace {

struct Shape {
    Format format;
    std::string_view json;
    Usage want;
};

Usage tokens(std::int64_t input, std::int64_t output) {
    return {.input = input, .output = output, .reported = true};
}

// input, cache_read, cache_write, cache_write_1h, output, reasoning, audio_input, audio_output
Usage all(std::int64_t input, std::int64_t read, std::int64_t write, std::int64_t hour, std::int64_t output,
          std::int64_t reasoning, std::int64_t audio_in = 0, std::int64_t audio_out = 0) {
    return {input, read, write, hour, output, reasoning, audio_in, audio_out, true};
}

constexpr std::int64_t kMax = Usage::kMaximum;
constexpr Format kO = Format::openai;
constexpr Format kA = Format::anthropic;

const std::vector<Shape> kShapes = {
    // OpenAI: cached is a part of the prompt, reasoning of the completion.
    {kO, R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":15})", tokens(10, 5)},
    {kO, R"({"prompt_tokens":10,"completion_tokens":5})", tokens(10, 5)},
    {kO, R"({"prompt_tokens":10,"total_tokens":10})", tokens(10, 0)},
    {kO, R"({"prompt_tokens":10,"completion_tokens":null,"total_tokens":10})", tokens(10, 0)},
    {kO, R"({"total_tokens":10})", tokens(10, 0)},
    {kO, R"({})", tokens(0, 0)},
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"prompt_tokens_details":{"cached_tokens":60}})",
     all(40, 60, 0, 0, 5, 0)},
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"prompt_tokens_details":{"cached_tokens":100}})",
     all(0, 100, 0, 0, 5, 0)},
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"prompt_tokens_details":{"cached_tokens":150}})",
     all(0, 100, 0, 0, 5, 0)},
    {kO, R"({"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"prompt_tokens_details":null})",
     tokens(100, 5)},
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"prompt_tokens_details":{"cached_tokens":null}})",
     tokens(100, 5)},
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"prompt_tokens_details":{"cached_tokens":30,"cache_write_tokens":20}})",
     all(50, 30, 20, 0, 5, 0)},
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"completion_tokens_details":{"reasoning_tokens":40}})",
     all(100, 0, 0, 0, 10, 40)},
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"completion_tokens_details":{"reasoning_tokens":50}})",
     all(100, 0, 0, 0, 0, 50)},
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"completion_tokens_details":{"reasoning_tokens":99}})",
     all(100, 0, 0, 0, 0, 50)},
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_tokens_details":{"audio_tokens":30,"cached_tokens":20,"text_tokens":70},"completion_tokens_details":{"audio_tokens":15,"reasoning_tokens":5}})",
     all(50, 20, 0, 0, 30, 5, 30, 15)},
    {kO,
     R"({"prompt_tokens":10,"completion_tokens":50,"total_tokens":60,"completion_tokens_details":{"accepted_prediction_tokens":10,"rejected_prediction_tokens":5}})",
     tokens(10, 50)},
    // Reasoning beside the completion, which only the total shows.
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":10,"total_tokens":150,"completion_tokens_details":{"reasoning_tokens":40}})",
     all(100, 0, 0, 0, 10, 40)},
    {kO, R"({"prompt_tokens":100,"completion_tokens":10,"total_tokens":150})", tokens(100, 50)},
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":10,"total_tokens":160,"completion_tokens_details":{"reasoning_tokens":5}})",
     all(100, 0, 0, 0, 55, 5)},
    {kO, R"({"prompt_tokens":100,"completion_tokens":10,"total_tokens":50})", tokens(100, 10)},
    // Relatives of OpenAI.
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":10,"total_tokens":110,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36})",
     all(36, 64, 0, 0, 10, 0)},
    {kO, R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"queue_time":0.1,"cost":0.002})",
     tokens(10, 5)},
    {kO, R"({"prompt_tokens":10.0,"completion_tokens":5.0,"total_tokens":15.0})", tokens(10, 5)},
    {kO,
     R"({"prompt_tokens":18,"completion_tokens":2,"total_tokens":20,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}})",
     tokens(18, 2)},
    {kO,
     R"({"queue_time":0.02,"prompt_tokens":20,"prompt_time":0.001,"completion_tokens":6,"completion_time":0.01,"total_tokens":26,"total_time":0.011})",
     tokens(20, 6)},
    {kO,
     R"({"prompt_tokens":40,"completion_tokens":10,"total_tokens":50,"cost":0.0004,"is_byok":false,"cost_details":{"upstream_inference_cost":null},"prompt_tokens_details":{"cached_tokens":8}})",
     all(32, 8, 0, 0, 10, 0)},
    {kO,
     R"({"prompt_tokens":100,"completion_tokens":30,"total_tokens":130,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36,"prompt_tokens_details":{"cached_tokens":64},"completion_tokens_details":{"reasoning_tokens":20}})",
     all(36, 64, 0, 0, 10, 20)},
    {kO,
     R"({"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"prompt_tokens_details":{"text_tokens":32,"audio_tokens":0,"image_tokens":0,"cached_tokens":6},"completion_tokens_details":{"reasoning_tokens":94,"audio_tokens":0},"num_sources_used":0})",
     all(26, 6, 0, 0, 9, 94)},
    {kO,
     R"({"prompt_tokens":14,"completion_tokens":80,"total_tokens":94,"search_context_size":"low","citation_tokens":0,"num_search_queries":1})",
     tokens(14, 80)},
    {kO,
     R"({"prompt_tokens":12,"total_tokens":20,"completion_tokens":8,"prompt_tokens_details":null,"completion_tokens_details":null})",
     tokens(12, 8)},
    {kO, R"({"prompt_tokens":5,"completion_tokens":0,"total_tokens":5})", tokens(5, 0)},
    {kO, R"({"prompt_tokens":0,"completion_tokens":0,"total_tokens":0})", tokens(0, 0)},
    {kO, R"({"completion_tokens":7,"prompt_tokens":11,"total_tokens":18})", tokens(11, 7)},
    {kO,
     R"({"prompt_tokens":50,"completion_tokens":40,"total_tokens":90,"completion_tokens_details":{"audio_tokens":30,"text_tokens":10}})",
     all(50, 0, 0, 0, 10, 0, 0, 30)},
    {kO,
     R"({"prompt_tokens":50,"completion_tokens":4,"total_tokens":54,"prompt_tokens_details":{"audio_tokens":20}})",
     all(30, 0, 0, 0, 4, 0, 20, 0)},
    // Nonsense.
    {kO, R"({"prompt_tokens":-5,"completion_tokens":-1,"total_tokens":-6})", tokens(0, 0)},
    {kO, R"({"prompt_tokens":"10","completion_tokens":[5]})", tokens(0, 0)},
    {kO, R"({"prompt_tokens":9223372036854775807,"completion_tokens":18446744073709551615,"total_tokens":1})",
     tokens(kMax, kMax)},
    {kO, R"({"prompt_tokens":1e300,"completion_tokens":-1e300})", tokens(kMax, 0)},
    {kO, R"({"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":-3}})",
     tokens(100, 5)},
    // Anthropic: the cache stands beside the input, thinking inside the output.
    {kA, R"({"input_tokens":10,"output_tokens":5})", tokens(10, 5)},
    {kA,
     R"({"input_tokens":10,"output_tokens":5,"cache_read_input_tokens":100,"cache_creation_input_tokens":0})",
     all(10, 100, 0, 0, 5, 0)},
    {kA, R"({"input_tokens":10,"output_tokens":5,"cache_creation_input_tokens":50})", all(10, 0, 50, 0, 5, 0)},
    {kA,
     R"({"input_tokens":10,"output_tokens":5,"cache_creation_input_tokens":50,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":30}})",
     all(10, 0, 20, 30, 5, 0)},
    {kA,
     R"({"input_tokens":10,"output_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":30}})",
     all(10, 0, 20, 30, 5, 0)},
    {kA,
     R"({"input_tokens":10,"output_tokens":5,"cache_creation_input_tokens":50,"cache_creation":{"ephemeral_1h_input_tokens":50}})",
     all(10, 0, 0, 50, 5, 0)},
    {kA,
     R"({"input_tokens":10,"output_tokens":5,"cache_creation_input_tokens":60,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":30}})",
     all(10, 0, 30, 30, 5, 0)},
    {kA, R"({"input_tokens":10,"output_tokens":5,"cache_creation":null,"cache_read_input_tokens":null})",
     tokens(10, 5)},
    {kA, R"({"input_tokens":10,"output_tokens":500,"output_tokens_details":{"thinking_tokens":400}})",
     all(10, 0, 0, 0, 100, 400)},
    {kA, R"({"input_tokens":10,"output_tokens":5,"output_tokens_details":{"thinking_tokens":400}})",
     all(10, 0, 0, 0, 0, 5)},
    {kA,
     R"({"input_tokens":10,"output_tokens":5,"server_tool_use":{"web_search_requests":2},"service_tier":"standard"})",
     tokens(10, 5)},
    {kA,
     R"({"input_tokens":2095,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":503,"service_tier":"standard","inference_geo":"not_available"})",
     tokens(2095, 503)},
    {kA,
     R"({"input_tokens":4,"cache_creation_input_tokens":1200,"cache_read_input_tokens":18000,"cache_creation":{"ephemeral_5m_input_tokens":1200,"ephemeral_1h_input_tokens":0},"output_tokens":350})",
     all(4, 18000, 1200, 0, 350, 0)},
    {kA,
     R"({"input_tokens":4,"cache_creation_input_tokens":1500,"cache_read_input_tokens":18000,"cache_creation":{"ephemeral_5m_input_tokens":300,"ephemeral_1h_input_tokens":1200},"output_tokens":350})",
     all(4, 18000, 300, 1200, 350, 0)},
    {kA, R"({"input_tokens":0,"output_tokens":0})", tokens(0, 0)},
    {kA, R"({"output_tokens":12})", tokens(0, 12)},
    {kA, R"({"input_tokens":12,"output_tokens":null,"server_tool_use":null})", tokens(12, 0)},
    {kA,
     R"({"input_tokens":7,"output_tokens":9,"server_tool_use":{"web_search_requests":1,"web_fetch_requests":2},"service_tier":"batch"})",
     tokens(7, 9)},
    {kA, R"({"input_tokens":-1,"output_tokens":-1,"cache_read_input_tokens":-1})", tokens(0, 0)},
    {kA,
     R"({"input_tokens":1e30,"output_tokens":9223372036854775807,"cache_creation":{"ephemeral_5m_input_tokens":1e13,"ephemeral_1h_input_tokens":1e13}})",
     all(kMax, 0, 0, kMax, kMax, 0)},
};

TEST(Usage, IsDisjointWhicheverWayTheProviderCounts) {
    BodyParser parser;
    for (const Shape& shape : kShapes) {
        const std::string body =
            shape.format == kO
                ? R"({"choices":[{"message":{"content":"x"}}],"usage":)" + std::string(shape.json) + "}"
                : R"({"content":[{"type":"text","text":"x"}],"usage":)" + std::string(shape.json) + "}";
        const Padded padded(body);
        const Result<AnswerFacts> facts = read_answer(shape.format, Operation::chat, padded.view(), parser);
        ASSERT_TRUE(facts.has_value()) << shape.json;
        EXPECT_EQ(facts->usage, shape.want) << shape.json << " total " << facts->usage.total();
    }
}

TEST(Usage, IsTheSameOnAStream) {
    for (const Shape& shape : kShapes) {
        const std::string json(shape.json);
        const std::string stream =
            shape.format == kO
                ? "data: {\"choices\":[],\"usage\":" + json + "}\n\ndata: [DONE]\n\n"
                : "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{},\"usage\":" + json +
                      "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
        EXPECT_EQ(relay(shape.format, shape.format, {stream}).facts.usage, shape.want) << json;
    }
}

// Not every provider gives it a chunk of its own.
TEST(Usage, IsTheSameBesideTheLastChoice) {
    for (const Shape& shape : kShapes) {
        if (shape.format != kO)
            continue;
        const std::string json(shape.json);
        const std::string stream =
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":null}]}\n\n"
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":" +
            json + "}\n\ndata: [DONE]\n\n";
        EXPECT_EQ(relay(kO, kO, {stream}).facts.usage, shape.want) << json;
    }
}

TEST(Usage, SaysWhenItWasNotReported) {
    BodyParser parser;
    const Padded openai(R"({"choices":[{"message":{"content":"x"}}]})");
    EXPECT_EQ(read_answer(kO, Operation::chat, openai.view(), parser)->usage, Usage());
    const Padded anthropic(R"({"content":[],"usage":null})");
    EXPECT_EQ(read_answer(kA, Operation::chat, anthropic.view(), parser)->usage, Usage());
}

TEST(Usage, OfTheLastChunkWins) {
    const Relayed relayed =
        relay(kO, kO,
              {"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n"
               "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":8}}\n\n"
               "data: {\"choices\":[],\"usage\":null}\n\ndata: [DONE]\n\n"});
    EXPECT_EQ(relayed.facts.usage, tokens(7, 8));
}

}  // namespace
}  // namespace tidegate::dialect
