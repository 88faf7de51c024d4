#include "streams.h"

#include <tidegate/dialect/error.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tidegate::dialect {
namespace {

TEST(Error, HasTheShapeOfItsDialect) {
    EXPECT_EQ(
        write_error(Format::openai, 404, "unknown_feature", "no feature \"x\"", "call1"),
        R"({"error":{"message":"no feature \"x\"","type":"not_found_error","param":null,"code":"unknown_feature"}})");
    EXPECT_EQ(
        write_error(Format::anthropic, 404, "unknown_feature", "no feature \"x\"", "call1"),
        R"({"type":"error","error":{"type":"not_found_error","message":"unknown_feature: no feature \"x\""},"request_id":"call1"})");
}

TEST(Error, NamesNoRequestWhereThereWasNoCall) {
    EXPECT_EQ(nlohmann::json::parse(write_error(Format::anthropic, 404, "not_found", "", ""))["request_id"],
              nullptr);
}

TEST(Error, HasTheTypeOfItsStatus) {
    const auto type = [](Format format, int status) {
        return nlohmann::json::parse(write_error(format, status, "c", "m", "i"))["error"]["type"]
            .get<std::string>();
    };
    EXPECT_EQ(type(Format::anthropic, 400), "invalid_request_error");
    EXPECT_EQ(type(Format::anthropic, 401), "authentication_error");
    EXPECT_EQ(type(Format::anthropic, 403), "permission_error");
    EXPECT_EQ(type(Format::anthropic, 413), "request_too_large");
    EXPECT_EQ(type(Format::anthropic, 422), "invalid_request_error");
    EXPECT_EQ(type(Format::anthropic, 429), "rate_limit_error");
    EXPECT_EQ(type(Format::anthropic, 500), "api_error");
    EXPECT_EQ(type(Format::anthropic, 502), "api_error");
    EXPECT_EQ(type(Format::anthropic, 503), "overloaded_error");
    EXPECT_EQ(type(Format::anthropic, 504), "timeout_error");
    EXPECT_EQ(type(Format::openai, 400), "invalid_request_error");
    EXPECT_EQ(type(Format::openai, 429), "rate_limit_error");
    EXPECT_EQ(type(Format::openai, 502), "server_error");
}

TEST(Error, EndsAStreamThatTheRelayUnderstands) {
    for (const Format format : {Format::openai, Format::anthropic}) {
        const Relayed relayed =
            relay(format, format, {error_event(format, 504, "upstream_timeout", "no answer in 20 s", "call1")});
        ASSERT_TRUE(relayed.facts.error);
        EXPECT_NE(relayed.facts.error->message.find("no answer in 20 s"), std::string::npos);
        EXPECT_FALSE(relayed.facts.complete);
    }
}

TEST(Heartbeat, ChangesNothingInAStream) {
    for (const Format format : {Format::openai, Format::anthropic}) {
        const std::string stream(format == Format::openai ? kOpenAiStreams[1].second
                                                          : kAnthropicStreams[1].second);
        const Relayed relayed = relay(format, format, {std::string(heartbeat(format)) + stream}, true);
        EXPECT_TRUE(relayed.ended);
        EXPECT_EQ(relayed.summary(), relay(format, format, {stream}, true).summary());
        EXPECT_FALSE(relay(format, format, {std::string(heartbeat(format))}).facts.content);
    }
}

TEST(ProviderError, ReadsEveryShapeThatProvidersSend) {
    const ProviderError openai = read_error(
        Format::openai, 429,
        R"({"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}})");
    EXPECT_EQ(openai.message, "slow down");
    EXPECT_EQ(openai.type, "requests");
    EXPECT_EQ(openai.code, "rate_limit_exceeded");
    EXPECT_FALSE(openai.is_refusal);
    const ProviderError anthropic = read_error(
        Format::anthropic, 529,
        R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"})");
    EXPECT_EQ(anthropic.type, "overloaded_error");
    EXPECT_EQ(anthropic.message, "Overloaded");
    EXPECT_EQ(read_error(Format::openai, 400,
                         R"([{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}])")
                  .code,
              "400");
    EXPECT_EQ(read_error(Format::openai, 500, R"({"error":"just text"})").message, "just text");
    EXPECT_EQ(read_error(Format::openai, 404, R"({"detail":"Not Found"})").message, "Not Found");
    EXPECT_EQ(read_error(Format::openai, 400, R"({"message":"flat","type":"t"})").message, "flat");
}

TEST(ProviderError, KnowsTheContentFilter) {
    EXPECT_TRUE(
        read_error(Format::openai, 400, R"({"error":{"message":"m","code":"content_filter"}})").is_refusal);
    EXPECT_TRUE(
        read_error(Format::openai, 400, R"({"error":{"message":"m","code":"content_policy_violation"}})")
            .is_refusal);
    EXPECT_TRUE(
        read_error(
            Format::openai, 400,
            R"({"error":{"message":"m","code":"x","innererror":{"code":"ResponsibleAIPolicyViolation"}}})")
            .is_refusal);
    EXPECT_FALSE(
        read_error(Format::openai, 400, R"({"error":{"message":"content_filter is a word here"}})").is_refusal);
}

TEST(ProviderError, NeverFails) {
    EXPECT_EQ(read_error(Format::openai, 502, "<html>\n<h1>Bad Gateway</h1>").message,
              "<html> <h1>Bad Gateway</h1>");
    EXPECT_EQ(read_error(Format::openai, 503, "").message, "status 503");
    EXPECT_EQ(read_error(Format::openai, 500, "{").message, "{");
    EXPECT_EQ(read_error(Format::openai, 500, std::string(5000, 'x')).message.size(), 200U);
    EXPECT_LE(read_error(Format::openai, 500, R"({"error":{"message":")" + std::string(5000, 'x') + "\"}}")
                  .message.size(),
              1000U);
}

TEST(Models, AreListedInTheShapeOfTheDialect) {
    const std::vector<std::string> names = {"support", "sum\"mary"};
    const auto openai = nlohmann::json::parse(write_models(Format::openai, names));
    EXPECT_EQ(openai["object"], "list");
    EXPECT_EQ(openai["data"][1]["id"], "sum\"mary");
    EXPECT_EQ(openai["data"][0]["object"], "model");
    const auto anthropic = nlohmann::json::parse(write_models(Format::anthropic, names));
    EXPECT_EQ(anthropic["data"][0]["type"], "model");
    EXPECT_EQ(anthropic["first_id"], "support");
    EXPECT_EQ(anthropic["last_id"], "sum\"mary");
    EXPECT_EQ(anthropic["has_more"], false);
    EXPECT_TRUE(nlohmann::json::parse(write_models(Format::anthropic, {}))["first_id"].is_null());
}

}  // namespace
}  // namespace tidegate::dialect
