#include "simulator/support.h"

namespace tidegate::simulator {
namespace {

using namespace testing;

TEST(Answer, IsTheSameForTheSameQuestionAndAnotherForAnother) {
    const Question one = question(Dialect::openai, openai_body("one"));
    EXPECT_EQ(bytes_of(script(one)), bytes_of(script(question(Dialect::openai, openai_body("one")))));
    EXPECT_NE(bytes_of(script(one)), bytes_of(script(question(Dialect::openai, openai_body("two")))));
    json other_model = openai_body("one");
    other_model["model"] = "demo2";
    EXPECT_NE(bytes_of(script(one)), bytes_of(script(question(Dialect::openai, other_model))));
    other_model["model"] = "demo--rate=10";
    EXPECT_EQ(one.hash, question(Dialect::openai, other_model).hash) << "directives do not change the answer";
}

TEST(Answer, SaysThatItIsASimulator) {
    EXPECT_TRUE(text_of(script(question(Dialect::openai, openai_body(), true))).starts_with("[simulator]"));
    EXPECT_TRUE(
        text_of(script(question(Dialect::anthropic, anthropic_body(), true))).starts_with("[simulator]"));
}

TEST(Answer, OfOpenAiHasItsShape) {
    const json answer = json::parse(bytes_of(script(question(Dialect::openai, openai_body()))));
    EXPECT_EQ(answer["object"], "chat.completion");
    EXPECT_EQ(answer["model"], "demo");
    EXPECT_EQ(answer["created"], 1'700'000'000);
    EXPECT_TRUE(answer["id"].get<std::string>().starts_with("chatcmpl-sim"));
    const json& choice = answer["choices"][0];
    EXPECT_EQ(choice["finish_reason"], "stop");
    EXPECT_EQ(choice["message"]["role"], "assistant");
    EXPECT_TRUE(choice["logprobs"].is_null());
    const json& usage = answer["usage"];
    EXPECT_EQ(usage["prompt_tokens"], 4 + 3) << "four words and three for the message";
    EXPECT_EQ(usage["completion_tokens"], count_tokens(choice["message"]["content"].get<std::string>()));
    EXPECT_EQ(usage["total_tokens"], usage["prompt_tokens"].get<int>() + usage["completion_tokens"].get<int>());
}

TEST(Answer, OfAnthropicHasItsShape) {
    const json answer = json::parse(bytes_of(script(question(Dialect::anthropic, anthropic_body()),
                                                    "input=100, cached=30, cache-write=20, tokens=9")));
    EXPECT_EQ(answer["type"], "message");
    EXPECT_EQ(answer["role"], "assistant");
    EXPECT_EQ(answer["stop_reason"], "end_turn");
    EXPECT_EQ(answer["content"][0]["type"], "text");
    EXPECT_EQ(answer["usage"]["input_tokens"], 50);
    EXPECT_EQ(answer["usage"]["cache_read_input_tokens"], 30);
    EXPECT_EQ(answer["usage"]["cache_creation_input_tokens"], 20);
    EXPECT_EQ(answer["usage"]["output_tokens"], 9);
}

TEST(Answer, StreamsTheSameTextAsItGivesWhole) {
    json body = openai_body();
    const json answer = json::parse(bytes_of(script(question(Dialect::openai, body))));
    const std::string whole = answer["choices"][0]["message"]["content"];
    for (const char* directives : {"", "chunk=5", "slice=1", "chunk=3, slice=7"}) {
        const Script stream = script(question(Dialect::openai, body, true), directives);
        EXPECT_EQ(text_of(stream), whole) << directives;
        EXPECT_EQ(data_of(stream).back(), "[DONE]");
        const Script anthropic = script(question(Dialect::anthropic, anthropic_body(), true), directives);
        EXPECT_EQ(text_of(anthropic), whole) << directives;
    }
}

TEST(Answer, SendsUsageOnAStreamOnlyWhenAsked) {
    json body = openai_body();
    for (const std::string& data : data_of(script(question(Dialect::openai, body, true)))) {
        EXPECT_EQ(data.find("usage"), std::string::npos);
    }
    body["stream_options"] = {{"include_usage", true}};
    std::vector<std::string> events =
        data_of(script(question(Dialect::openai, body, true), "cached=2, reasoning=5"));
    const json last = json::parse(events[events.size() - 2]);
    EXPECT_TRUE(last["choices"].empty());
    EXPECT_EQ(last["usage"]["prompt_tokens_details"]["cached_tokens"], 2);
    EXPECT_EQ(last["usage"]["completion_tokens_details"]["reasoning_tokens"], 5);
    EXPECT_TRUE(json::parse(events.front())["usage"].is_null());
    EXPECT_EQ(bytes_of(script(question(Dialect::openai, body, true), "no-usage")).find("usage"),
              std::string::npos);
}

TEST(Answer, OfAnthropicStreamsBlocksInOrder) {
    json body = with_tool(anthropic_body());
    body["thinking"] = {{"type", "enabled"}, {"budget_tokens", 1024}};
    std::string types;
    for (const std::string& data : data_of(script(question(Dialect::anthropic, body, true), "chunk=100"))) {
        types += json::parse(data)["type"].get<std::string>() + " ";
    }
    EXPECT_TRUE(
        types.starts_with("message_start ping content_block_start content_block_delta content_block_delta "
                          "content_block_stop content_block_start content_block_delta "))
        << types;
    EXPECT_TRUE(types.ends_with("content_block_delta content_block_stop message_delta message_stop ")) << types;
}

TEST(Answer, CallsAToolWhenTheRequestSuggestsIt) {
    const json openai = json::parse(bytes_of(script(question(Dialect::openai, with_tool(openai_body())))));
    const json& call = openai["choices"][0]["message"]["tool_calls"][0];
    EXPECT_EQ(openai["choices"][0]["finish_reason"], "tool_calls");
    EXPECT_EQ(call["function"]["name"], "get_weather");
    EXPECT_EQ(json::parse(call["function"]["arguments"].get<std::string>()),
              json({{"city", "simulated"}, {"days", 1}}));
    const json anthropic =
        json::parse(bytes_of(script(question(Dialect::anthropic, with_tool(anthropic_body())))));
    EXPECT_EQ(anthropic["stop_reason"], "tool_use");
    EXPECT_EQ(anthropic["content"][0]["input"]["days"], 1);

    json none = with_tool(openai_body());
    none["tool_choice"] = "none";
    EXPECT_EQ(json::parse(bytes_of(script(question(Dialect::openai, none))))["choices"][0]["finish_reason"],
              "stop");
    json required = with_tool(openai_body());
    required["messages"][0]["content"] = "hello";
    EXPECT_FALSE(
        json::parse(bytes_of(script(question(Dialect::openai, required))))["choices"][0]["message"].contains(
            "tool_calls"));
    required["tool_choice"] = "required";
    EXPECT_EQ(json::parse(bytes_of(script(question(Dialect::openai, required))))["choices"][0]["finish_reason"],
              "tool_calls");
}

TEST(Answer, StreamsSeveralToolCallsEachUnderItsIndex) {
    std::vector<std::string> arguments(2);
    for (const std::string& data :
         data_of(script(question(Dialect::openai, with_tool(openai_body()), true), "tools=2"))) {
        const json event = json::parse(data, nullptr, false);
        if (!event.is_object())
            continue;
        for (const json& part : event["choices"][0]["delta"].value("tool_calls", json::array())) {
            arguments.at(part["index"].get<std::size_t>()) += part["function"].value("arguments", "");
        }
    }
    EXPECT_EQ(json::parse(arguments[0])["city"], "simulated");
    EXPECT_EQ(arguments[0], arguments[1]);
}

TEST(Answer, GivesLogProbabilitiesWhenAsked) {
    json body = openai_body();
    body["logprobs"] = true;
    body["top_logprobs"] = 2;
    const json answer =
        json::parse(bytes_of(script(question(Dialect::openai, body), "logprob=-3, tokens=200")));
    const json& content = answer["choices"][0]["logprobs"]["content"];
    ASSERT_EQ(content.size(), 200U);
    EXPECT_EQ(content[0]["top_logprobs"].size(), 2U);
    double sum = 0;
    for (const json& token : content) sum += token["logprob"].get<double>();
    EXPECT_NEAR(sum / 200, -3, 0.3);
}

TEST(Answer, StopsAtTheLimitOfTokens) {
    json body = openai_body();
    body["max_completion_tokens"] = 3;
    const json answer = json::parse(bytes_of(script(question(Dialect::openai, body))));
    EXPECT_EQ(answer["choices"][0]["finish_reason"], "length");
    EXPECT_EQ(answer["usage"]["completion_tokens"], 3);
}

TEST(Answer, GivesSeveralChoices) {
    json body = openai_body();
    body["n"] = 3;
    const json answer = json::parse(bytes_of(script(question(Dialect::openai, body))));
    ASSERT_EQ(answer["choices"].size(), 3U);
    EXPECT_EQ(answer["choices"][2]["index"], 2);
    EXPECT_NE(answer["choices"][0]["message"], answer["choices"][1]["message"]);
}

TEST(Answer, IsJsonWhenThatIsTheFormat) {
    json body = openai_body();
    body["response_format"] = {{"type", "json_object"}};
    const json answer = json::parse(bytes_of(script(question(Dialect::openai, body))));
    EXPECT_EQ(json::parse(answer["choices"][0]["message"]["content"].get<std::string>())["simulator"], true);
    body["response_format"] = {
        {"type", "json_schema"},
        {"json_schema", {{"schema", {{"type", "object"}, {"properties", {{"n", {{"type", "integer"}}}}}}}}}};
    const json fitting = json::parse(bytes_of(script(question(Dialect::openai, body))));
    EXPECT_EQ(fitting["choices"][0]["message"]["content"], R"({"n":1})");
}

TEST(Answer, EchoesOrSaysWhatItIsTold) {
    const json echo = json::parse(bytes_of(script(question(Dialect::openai, openai_body("a  b\nc ")), "echo")));
    EXPECT_EQ(echo["choices"][0]["message"]["content"], "a  b\nc ");
    const json said =
        json::parse(bytes_of(script(question(Dialect::anthropic, anthropic_body()), "text=ok%2C then")));
    EXPECT_EQ(said["content"][0]["text"], "ok, then");
}

TEST(Answer, RefusesWhenTold) {
    const json openai = json::parse(bytes_of(script(question(Dialect::openai, openai_body()), "refusal")));
    EXPECT_TRUE(openai["choices"][0]["message"]["content"].is_null());
    EXPECT_TRUE(openai["choices"][0]["message"]["refusal"].is_string());
    const json anthropic =
        json::parse(bytes_of(script(question(Dialect::anthropic, anthropic_body()), "refusal")));
    EXPECT_EQ(anthropic["stop_reason"], "refusal");
    const json filtered =
        json::parse(bytes_of(script(question(Dialect::openai, openai_body()), "finish=content_filter")));
    EXPECT_EQ(filtered["choices"][0]["finish_reason"], "content_filter");
}

TEST(Question, IsRefusedAsAProviderWould) {
    const auto refused = [](std::string_view body) { return !read_openai(body); };
    EXPECT_TRUE(refused("{"));
    EXPECT_TRUE(refused("[]"));
    EXPECT_TRUE(refused(R"({"messages":[{"role":"user","content":"x"}]})"));
    EXPECT_TRUE(refused(R"({"model":"m","messages":[]})"));
    EXPECT_TRUE(refused(R"({"model":"m","messages":[{"role":"pirate","content":"x"}]})"));
    EXPECT_TRUE(refused(R"({"model":"m","messages":[{"role":"user","content":7}]})"));
    EXPECT_TRUE(refused(R"({"model":"m","messages":[{"role":"user","content":"x"}],"temperature":9})"));
    EXPECT_TRUE(refused(R"({"model":"m","messages":[{"role":"user","content":"x"}],"stream_options":{}})"));
    EXPECT_TRUE(refused(R"({"model":"m","messages":[{"role":"user","content":"x"}],"stream":"yes"})"));
    EXPECT_TRUE(refused(R"({"model":"m","messages":[{"role":{},"content":"x"}]})"));
    EXPECT_FALSE(read_anthropic(R"({"model":"m","messages":[{"role":"user","content":"x"}]})")) << "max_tokens";
    EXPECT_TRUE(read_anthropic_count(R"({"model":"m","messages":[{"role":"user","content":"x"}]})"));
}

TEST(Embedding, HasLengthOneAndDependsOnTheText) {
    const std::vector<float> one = embedding("demo", "a", 64);
    double length = 0;
    for (const float value : one) length += static_cast<double>(value) * static_cast<double>(value);
    EXPECT_NEAR(length, 1, 1e-5);
    EXPECT_EQ(one, embedding("demo--rate=1", "a", 64));
    EXPECT_NE(one, embedding("demo", "b", 64));
}

}  // namespace
}  // namespace tidegate::simulator
