#include "padded.h"

#include <tidegate/dialect/request_writer.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::dialect {
namespace {

using testing::ElementsAre;

struct Written {
    std::string body;
    std::vector<std::string> dropped;
};

Written write(Format format, std::string_view body, const RequestEdits& edits,
              Operation operation = Operation::chat) {
    const ReadRequest request(format, body, operation);
    EXPECT_TRUE(request.good()) << request.error();
    Written written;
    Result<std::vector<std::string>> dropped = write_request(request.view(), format, edits, written.body);
    EXPECT_TRUE(dropped.has_value());
    written.dropped = *dropped;
    return written;
}

TEST(Splice, ChangesOnlyTheModelByteForByte) {
    const std::string body =
        " {\n \"seed\" : 12345678901234567 , \"model\":\"f\\u0065ature\", \"x\":[1.0, "
        "1e2,\"\\u00e9\\/\"],\"messages\":[ {\"role\":\"user\",\"content\":\"h\\u0069\"} ] } ";
    const std::string want =
        " {\n \"seed\" : 12345678901234567 , \"model\":\"gpt-x\", \"x\":[1.0, "
        "1e2,\"\\u00e9\\/\"],\"messages\":[ {\"role\":\"user\",\"content\":\"h\\u0069\"} ] } ";
    EXPECT_EQ(write(Format::openai, body, {.model = "gpt-x"}).body, want);
    EXPECT_EQ(write(Format::anthropic, body, {.model = "gpt-x"}).body, want);
}

TEST(Splice, AddsTheModelThatTheHeaderNamed) {
    EXPECT_EQ(write(Format::openai, R"({"messages":[]})", {.model = "m"}).body,
              R"({"messages":[],"model":"m"})");
}

TEST(Splice, PutsThePromptFirst) {
    const std::vector<PromptMessage> prompt = {
        {Role::system, "Be \"kind\"\n"}, {Role::user, "example"}, {Role::assistant, "yes"}};
    EXPECT_EQ(
        write(Format::openai, R"({"model":"f","messages":[ {"role":"user","content":"hi"}]})",
              {.model = "m", .prompt = prompt})
            .body,
        R"({"model":"m","messages":[{"role":"system","content":"Be \"kind\"\n"},{"role":"user","content":"example"},{"role":"assistant","content":"yes"}, {"role":"user","content":"hi"}]})");
    EXPECT_EQ(write(Format::openai, R"({"model":"f","messages":[]})",
                    {.model = "m", .prompt = std::span(prompt).first(1)})
                  .body,
              R"({"model":"m","messages":[{"role":"system","content":"Be \"kind\"\n"}]})");
}

TEST(Splice, UsesTheDeveloperRoleWhereTheModelWantsIt) {
    const std::vector<PromptMessage> prompt = {{Role::system, "s"}};
    RequestEdits edits{.model = "m", .prompt = prompt};
    edits.quirks.add(Quirk::developer_role);
    EXPECT_EQ(write(Format::openai, R"({"model":"f","messages":[]})", edits).body,
              R"({"model":"m","messages":[{"role":"developer","content":"s"}]})");
}

TEST(Splice, JoinsSystemTextsForAnthropic) {
    const std::vector<PromptMessage> prompt = {
        {Role::system, "one"}, {Role::developer, "two"}, {Role::user, "u"}};
    const RequestEdits edits{.model = "m", .prompt = prompt};
    EXPECT_EQ(
        write(Format::anthropic, R"({"model":"f","system":"cl\u0069ent","messages":[]})", edits).body,
        R"({"model":"m","system":"one\n\ntwo\n\ncl\u0069ent","messages":[{"role":"user","content":"u"}]})");
    EXPECT_EQ(
        write(Format::anthropic, R"({"model":"f","system":[{"type":"text","text":"c"}],"messages":[]})", edits)
            .body,
        R"({"model":"m","system":[{"type":"text","text":"one\n\ntwo"},{"type":"text","text":"c"}],"messages":[{"role":"user","content":"u"}]})");
    EXPECT_EQ(write(Format::anthropic, R"({"model":"f","messages":[]})", edits).body,
              R"({"model":"m","messages":[{"role":"user","content":"u"}],"system":"one\n\ntwo"})");
    EXPECT_EQ(write(Format::anthropic, R"({"system":"","model":"f","messages":[]})", edits).body,
              R"({"system":"one\n\ntwo","model":"m","messages":[{"role":"user","content":"u"}]})");
}

TEST(Splice, AlwaysSendsTheLimitUnderOneName) {
    const auto limit = [](std::string_view members, std::optional<std::int64_t> tokens, bool new_name = false) {
        RequestEdits edits{.model = "m", .max_output_tokens = tokens};
        if (new_name)
            edits.quirks.add(Quirk::max_completion_tokens);
        return write(Format::openai, R"({"model":"m")" + std::string(members) + R"(,"messages":[]})", edits)
            .body;
    };
    EXPECT_EQ(limit("", 7), R"({"model":"m","messages":[],"max_tokens":7})");
    EXPECT_EQ(limit("", 7, true), R"({"model":"m","messages":[],"max_completion_tokens":7})");
    EXPECT_EQ(limit(R"(,"max_tokens":50)", 7), R"({"model":"m","max_tokens":7,"messages":[]})");
    EXPECT_EQ(limit(R"(,"max_tokens":50)", 7, true),
              R"({"model":"m","messages":[],"max_completion_tokens":7})");
    EXPECT_EQ(limit(R"(,"max_completion_tokens":50)", 7),
              R"({"model":"m","max_completion_tokens":7,"messages":[]})");
    EXPECT_EQ(limit(R"(,"max_completion_tokens":50,"max_tokens":60)", 7),
              R"({"model":"m","max_tokens":7,"messages":[]})");
    EXPECT_EQ(limit(R"(,"max_tokens": 50)", std::nullopt), R"({"model":"m","max_tokens": 50,"messages":[]})");
    EXPECT_EQ(limit(R"(,"max_tokens":null)", 9), R"({"model":"m","max_tokens":9,"messages":[]})");
}

TEST(Splice, LetsTheVariantWin) {
    const std::vector<std::string> stop = {"END"};
    const RequestEdits edits{
        .model = "m", .temperature = 0.2, .top_p = 0.9, .seed = 7, .stop = stop, .reasoning_effort = "low"};
    EXPECT_EQ(
        write(Format::openai, R"({"temperature":1,"stop":"x","model":"f","messages":[],"top_p":1})", edits)
            .body,
        R"({"temperature":0.2,"model":"m","messages":[],"top_p":0.9,"seed":7,"stop":["END"],"reasoning_effort":"low"})");
    const Written anthropic =
        write(Format::anthropic, R"({"stop_sequences":["x"],"model":"f","messages":[]})", edits);
    EXPECT_EQ(anthropic.body,
              R"({"model":"m","messages":[],"temperature":0.2,"top_p":0.9,"stop_sequences":["END"]})");
    EXPECT_THAT(anthropic.dropped, ElementsAre("seed", "reasoning_effort"));
}

TEST(Splice, DropsAndNamesWhatTheModelRefuses) {
    RequestEdits edits{.model = "m", .temperature = 0.2};
    for (const Quirk quirk :
         {Quirk::no_temperature, Quirk::no_top_p, Quirk::no_stop, Quirk::no_penalties, Quirk::no_seed})
        edits.quirks.add(quirk);
    const Written written = write(
        Format::openai,
        R"({"temperature":1,"top_p":1,"stop":null,"model":"f","presence_penalty":1,"messages":[],"seed":1})",
        edits);
    EXPECT_EQ(written.body, R"({"model":"m","messages":[]})");
    EXPECT_THAT(written.dropped, ElementsAre("temperature", "top_p", "presence_penalty", "seed"));
}

TEST(Splice, NeverSendsItsOwnMember) {
    EXPECT_EQ(write(Format::openai, R"({"tidegate":{"variables":{"a":"b"}},"model":"f","messages":[]})",
                    {.model = "m"})
                  .body,
              R"({"model":"m","messages":[]})");
    EXPECT_EQ(write(Format::openai, R"({"model":"f","messages":[],"tid\u0065gate":{}})", {.model = "m"}).body,
              R"({"model":"m","messages":[]})");
}

TEST(Splice, PassesMetadataOnlyAsTheDialectHasIt) {
    EXPECT_EQ(write(Format::openai, R"({"model":"m","metadata":{"a":"b"},"messages":[]})", {.model = "m"}).body,
              R"({"model":"m","metadata":{"a":"b"},"messages":[]})");
    const Written numbers =
        write(Format::openai, R"({"model":"m","metadata":{"a":1},"messages":[]})", {.model = "m"});
    EXPECT_EQ(numbers.body, R"({"model":"m","messages":[]})");
    EXPECT_THAT(numbers.dropped, ElementsAre("metadata"));
    EXPECT_EQ(
        write(Format::anthropic,
              R"({"model":"m","metadata":{"plan":"pro", "user_id" : "u","x":1},"messages":[]})", {.model = "m"})
            .body,
        R"({"model":"m","metadata":{ "user_id" : "u"},"messages":[]})");
    EXPECT_EQ(
        write(Format::anthropic, R"({"model":"m","metadata":{"plan":"pro"},"messages":[]})", {.model = "m"})
            .body,
        R"({"model":"m","messages":[]})");
}

TEST(Splice, AsksForUsageOnStreams) {
    const auto stream = [](std::string_view options) {
        return write(Format::openai, R"({"model":"m","stream":true,"messages":[])" + std::string(options) + "}",
                     {.model = "m"})
            .body;
    };
    const std::string head = R"({"model":"m","stream":true,"messages":[],"stream_options":)";
    EXPECT_EQ(stream(""), head + R"({"include_usage":true}})");
    EXPECT_EQ(stream(R"(,"stream_options":null)"), head + R"({"include_usage":true}})");
    EXPECT_EQ(stream(R"(,"stream_options":{})"), head + R"({"include_usage":true}})");
    EXPECT_EQ(stream(R"(,"stream_options":{"include_usage":false,"include_obfuscation":false})"),
              head + R"({"include_usage":true,"include_obfuscation":false}})");
    EXPECT_EQ(stream(R"(,"stream_options":{ "include_usage":true })"), head + R"({ "include_usage":true }})");
    RequestEdits old{.model = "m"};
    old.quirks.add(Quirk::no_stream_options);
    EXPECT_EQ(write(Format::openai, R"({"model":"m","stream":true,"messages":[]})", old).body,
              R"({"model":"m","stream":true,"messages":[]})");
    EXPECT_EQ(write(Format::anthropic, R"({"model":"m","stream":true,"messages":[]})", {.model = "m"}).body,
              R"({"model":"m","stream":true,"messages":[]})");
}

TEST(Splice, DropsReasoningOfAnotherProvider) {
    const Written written = write(
        Format::anthropic,
        R"({"model":"m","thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"user","content":"q"},)"
        R"({"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"}, {"type":"text","text":"a"}]},)"
        R"({"role":"assistant","content":[{"type":"redacted_thinking","data":"d"}]},{"role":"user","content":"r"}]})",
        {.model = "m", .drop_reasoning = true});
    EXPECT_EQ(
        written.body,
        R"({"model":"m","messages":[{"role":"user","content":"q"},{"role":"assistant","content":[ {"type":"text","text":"a"}]},{"role":"user","content":"r"}]})");
    EXPECT_THAT(written.dropped, ElementsAre("thinking"));
    EXPECT_EQ(write(Format::openai,
                    R"({"model":"m","messages":[{"role":"assistant","reasoning_content":"t","content":"a"}]})",
                    {.model = "m", .drop_reasoning = true})
                  .body,
              R"({"model":"m","messages":[{"role":"assistant","content":"a"}]})");
}

TEST(Splice, LeavesEmbeddingsAlone) {
    EXPECT_EQ(write(Format::openai, R"({"model":"f","input":["a"],"metadata":{"a":1},"tidegate":{}})",
                    {.model = "m", .max_output_tokens = 5, .temperature = 1.0}, Operation::embeddings)
                  .body,
              R"({"model":"m","input":["a"]})");
}

TEST(Quirks, HaveNamesThatAreReadBack) {
    for (std::uint32_t bit = 1; bit <= static_cast<std::uint32_t>(Quirk::developer_role); bit <<= 1U) {
        EXPECT_EQ(parse_quirk(to_string(static_cast<Quirk>(bit))), static_cast<Quirk>(bit));
    }
    EXPECT_FALSE(parse_quirk("no_such"));
    for (const Role role : {Role::system, Role::developer, Role::user, Role::assistant, Role::tool})
        EXPECT_EQ(parse_role(to_string(role)), role);
}

}  // namespace
}  // namespace tidegate::dialect
