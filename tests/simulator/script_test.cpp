#include "simulator/support.h"

namespace tidegate::simulator {
namespace {

using namespace std::chrono_literals;
using namespace testing;

Script streamed(std::string_view directives, Dialect dialect = Dialect::openai) {
    return script(question(dialect, dialect == Dialect::openai ? openai_body() : anthropic_body(), true),
                  directives);
}

Script whole(std::string_view directives, Dialect dialect = Dialect::openai) {
    return script(question(dialect, dialect == Dialect::openai ? openai_body() : anthropic_body()), directives);
}

TEST(Script, GivesAStatusInTheShapeOfTheDialect) {
    for (const auto& [status, type] : {std::pair{400, "invalid_request_error"},
                                       {401, "invalid_request_error"},
                                       {429, "requests"},
                                       {500, "server_error"},
                                       {503, "server_error"}}) {
        const Script answer = streamed("retry-after=7, status=" + std::to_string(status));
        EXPECT_EQ(answer.status, status);
        EXPECT_FALSE(answer.stream);
        EXPECT_TRUE(answer.faulty);
        EXPECT_EQ(header_of(answer, "retry-after"), "7");
        EXPECT_EQ(header_of(answer, "x-request-id"), "req_1");
        EXPECT_EQ(json::parse(bytes_of(answer))["error"]["type"], type);
    }
    for (const auto& [status, type] : {std::pair{400, "invalid_request_error"},
                                       {401, "authentication_error"},
                                       {429, "rate_limit_error"},
                                       {500, "api_error"},
                                       {529, "overloaded_error"}}) {
        const Script answer = whole("status=" + std::to_string(status), Dialect::anthropic);
        EXPECT_EQ(answer.status, status);
        const json body = json::parse(bytes_of(answer));
        EXPECT_EQ(body["type"], "error");
        EXPECT_EQ(body["error"]["type"], type);
        EXPECT_EQ(body["request_id"], "req_1");
        EXPECT_EQ(header_of(answer, "retry-after"), "");
    }
}

TEST(Script, HangsOrDropsWithoutAByte) {
    EXPECT_FALSE(whole("hang").head);
    EXPECT_EQ(whole("hang").ending, Ending::hang);
    EXPECT_FALSE(streamed("drop").head);
    EXPECT_EQ(streamed("drop").ending, Ending::reset);
}

TEST(Script, BreaksAStreamAfterSoManyTokens) {
    const std::string full = text_of(streamed(""));
    for (const auto& [fault, ending] : {std::pair{"stall", Ending::hang},
                                        {"reset", Ending::reset},
                                        {"truncate", Ending::close},
                                        {"cut", Ending::complete}}) {
        for (const Dialect dialect : {Dialect::openai, Dialect::anthropic}) {
            const Script answer = streamed(std::string(fault) + ", after=4", dialect);
            EXPECT_EQ(answer.ending, ending) << fault;
            EXPECT_TRUE(answer.head);
            EXPECT_EQ(count_tokens(text_of(answer)), 4) << fault;
            EXPECT_TRUE(full.starts_with(text_of(answer)));
            EXPECT_EQ(bytes_of(answer).find("[DONE]"), std::string::npos);
            EXPECT_EQ(bytes_of(answer).find("message_stop"), std::string::npos);
            EXPECT_EQ(text_of(streamed(std::string(fault) + ", after=0", dialect)), "");
        }
    }
    EXPECT_EQ(text_of(streamed("cut, after=10000")), full);
    EXPECT_EQ(bytes_of(streamed("cut, after=10000")).find("finish_reason\":\"stop"), std::string::npos);
}

TEST(Script, BreaksAWholeAnswerInsideItsBody) {
    for (const auto& [fault, ending] :
         {std::pair{"stall", Ending::hang}, {"reset", Ending::reset}, {"truncate", Ending::close}}) {
        const Script answer = whole(fault);
        EXPECT_EQ(answer.ending, ending);
        EXPECT_LT(bytes_of(answer).size(), answer.length) << fault;
        EXPECT_GT(bytes_of(answer).size(), 0U);
    }
    const Script cut = whole("cut");
    EXPECT_EQ(bytes_of(cut).size(), cut.length) << "HTTP is in order, JSON is not";
    EXPECT_FALSE(json::accept(bytes_of(cut)));
}

TEST(Script, SendsGarbage) {
    EXPECT_FALSE(json::accept(bytes_of(whole("garbage"))));
    EXPECT_EQ(whole("garbage").length, bytes_of(whole("garbage")).size());
    const std::vector<std::string> events = data_of(streamed("garbage, after=2"));
    EXPECT_FALSE(json::accept(events.back()));
    EXPECT_TRUE(json::accept(events.front()));
}

TEST(Script, SendsAnErrorWhereAnAnswerIsExpected) {
    EXPECT_EQ(whole("error").status, 200);
    EXPECT_TRUE(json::parse(bytes_of(whole("error"))).contains("error"));
    EXPECT_TRUE(json::parse(data_of(streamed("error, after=2")).back()).contains("error"));
    EXPECT_EQ(json::parse(data_of(streamed("error, after=2", Dialect::anthropic)).back())["type"], "error");
    const Script json_error = streamed("error-not-a-stream");
    EXPECT_EQ(json_error.status, 200);
    EXPECT_FALSE(json_error.stream);
    EXPECT_EQ(header_of(json_error, "content-type"), "application/json");
    EXPECT_EQ(json::parse(bytes_of(streamed("not-a-stream")))["object"], "chat.completion");
}

TEST(Script, PacesTokens) {
    const Script answer = streamed("rate=50, first-token=3s, latency=200ms, tokens=10, chunk=5");
    EXPECT_EQ(answer.latency, 200ms);
    std::vector<Duration> waits;
    for (const Step& step : answer.steps) {
        if (step.wait > Duration::zero())
            waits.push_back(step.wait);
    }
    EXPECT_EQ(waits, (std::vector<Duration>{3100ms, 100ms}));
    EXPECT_EQ(whole("rate=50, tokens=10").steps.front().wait, 200ms);
    for (const Step& step : streamed("").steps) EXPECT_EQ(step.wait, 0ms);
}

TEST(Script, SlicesIntoFewBytes) {
    const Script answer = streamed("slice=3");
    for (const Step& step : answer.steps) EXPECT_LE(step.bytes.size(), 3U);
    EXPECT_EQ(bytes_of(answer), bytes_of(streamed("")));
}

}  // namespace
}  // namespace tidegate::simulator
