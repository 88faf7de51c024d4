// The routes, the chain behind them and what a client gets when nothing works.
#include "pipeline/fixture.h"

#include <gmock/gmock.h>

namespace tidegate::pipeline::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using upstream::test::Peer;

void fail_always(Peer& peer, int) {
    while (!peer.request().empty()) {
        peer.write("HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\n{}");
    }
}

TEST_F(ApiTest, AnswersWrongMethodsAndPathsInTheDialectOfThePath) {
    EXPECT_EQ(ask({.method = http::Method::get}).status, 405);
    EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-error: method_not_allowed"));
    EXPECT_EQ(ask({.path = "/v1/unknown"}).status, 404);
    EXPECT_EQ(ask({.path = "/v1/responses"}).status, 501);
    EXPECT_THAT(writer_.head, HasSubstr("x-should-retry: false"));
    EXPECT_EQ(ask({.path = "/v1/feedback"}).status, 501);
}

TEST_F(ApiTest, NamesTheRightMethods) {
    ask({.method = http::Method::get});
    EXPECT_THAT(writer_.head, HasSubstr("allow: POST\r\n"));
    ask({.path = "/v1/models"});
    EXPECT_THAT(writer_.head, HasSubstr("allow: GET, HEAD\r\n"));
}

TEST_F(ApiTest, CountsWhatNeverBecameACallByItsCode) {
    ask({.method = http::Method::get});
    ask({.path = "/v1/unknown"});
    (void)api_->refusal_answer({.status = 413, .code = "payload_too_large", .message = "Too large."});
    for (const char* code : {"method_not_allowed", "not_found", "payload_too_large"}) {
        EXPECT_EQ(metrics_.rejected(code).value(), 1U) << code;
    }
}

TEST_F(ApiTest, ShapesErrorsByThePathBeforeTheHeader) {
    ask({.body = "{", .fields = {{"anthropic-version", "2023-06-01"}}});
    EXPECT_EQ(writer_.status, 400);
    EXPECT_THAT(writer_.sent, Not(HasSubstr(R"("type":"error")")));
    EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-call-id: "));
}

TEST_F(ApiTest, SaysWhatToChangeWhenTheBaseUrlDoublesTheVersion) {
    EXPECT_EQ(ask({.path = "/v1/v1/messages"}).status, 404);
    EXPECT_THAT(writer_.sent, HasSubstr("base URL"));
}

TEST_F(ApiTest, ListsFeaturesAsModelsInBothShapes) {
    serve(fail_always);
    ask({.method = http::Method::get, .path = "/v1/models"});
    EXPECT_EQ(writer_.status, 200);
    EXPECT_THAT(writer_.sent, HasSubstr(R"("object":"list")"));
    EXPECT_THAT(writer_.sent, HasSubstr(R"("id":"reply")"));
    writer_.sent.clear();
    ask({.method = http::Method::get,
         .path = "/v1/models/reply",
         .fields = {{"anthropic-version", "2023-06-01"}}});
    EXPECT_THAT(writer_.sent, HasSubstr(R"("display_name":"reply")"));
    EXPECT_EQ(ask({.method = http::Method::get, .path = "/v1/models/none"}).status, 404);
}

TEST_F(ApiTest, IsAliveWhileNotReady) {
    readiness_ = {false, {"draining"}};
    EXPECT_EQ(ask({.method = http::Method::get, .path = "/healthz"}).status, 200);
    EXPECT_EQ(ask({.method = http::Method::get, .path = "/readyz"}).status, 503);
    EXPECT_THAT(writer_.sent, HasSubstr("draining"));
}

TEST_F(ApiTest, RefusesUnknownFeaturesWithoutARecord) {
    EXPECT_EQ(ask().status, 404);
    EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-error: unknown_feature"));
    EXPECT_EQ(metrics_.rejected("unknown_feature").value(), 1U);
    EXPECT_EQ(log_->stats().appended, 0U);
}

TEST_F(ApiTest, RefusesAHeaderThatDecidesAndCameTwice) {
    serve(fail_always);
    ask({.fields = {{"x-tidegate-user", "a"}, {"X-Tidegate-User", "b"}}});
    EXPECT_EQ(writer_.status, 400);
}

TEST_F(ApiTest, TellsTheWholeStoryAtTheEndOfTheChain) {
    serve(fail_always);
    ask();
    EXPECT_EQ(writer_.status, 502);
    EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-error: upstream_unavailable"));
    EXPECT_THAT(writer_.sent, HasSubstr("stable: error"));
    EXPECT_EQ(log_->stats().appended, 1U);
    EXPECT_EQ(metrics_.requests_inflight().value(), 0);
}

TEST_F(ApiTest, PassesWhatAProviderSaysOfItsLimits) {
    serve([](Peer& peer, int) {
        while (!peer.request().empty()) {
            peer.write(
                "HTTP/1.1 429 Slow\r\nretry-after: 9\r\nX-RateLimit-Reset-Tokens: 6s\r\nset-cookie: "
                "x=ratelimit-y\r\ncontent-length: 2\r\n\r\n{}");
        }
    });
    ask();
    EXPECT_EQ(writer_.status, 429);
    EXPECT_THAT(writer_.head, HasSubstr("retry-after: 9\r\n"));
    EXPECT_THAT(writer_.head, HasSubstr("X-RateLimit-Reset-Tokens: 6s\r\n"));
    EXPECT_THAT(writer_.head, Not(HasSubstr("set-cookie")));
}

TEST_F(ApiTest, SaysThatARetryIsNoUseWhereOnlyTheOperatorCanHelp) {
    serve([](Peer& peer, int) {
        while (!peer.request().empty()) peer.write("HTTP/1.1 401 No\r\ncontent-length: 2\r\n\r\n{}");
    });
    ask();
    EXPECT_EQ(writer_.status, 502);
    EXPECT_THAT(writer_.head, HasSubstr("x-should-retry: false\r\n"));
    EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-cost-usd: 0.000000000\r\n"));
}

TEST_F(ApiTest, FallsBackToATextAndSaysWhy) {
    serve(fail_always);
    add_answer("sorry", TextAnswer{"We will answer soon."});
    ask();
    EXPECT_EQ(writer_.status, 200);
    EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-fallback: sorry;reason=error"));
    EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-cost-usd: 0.000000000\r\n"));
    EXPECT_THAT(writer_.sent, HasSubstr("We will answer soon."));
    EXPECT_EQ(metrics_.fallback("reply", "stable", "sorry", "error").value(), 1U);
}

TEST_F(ApiTest, FallsBackToTheFirstSentencesAsAWholeStream) {
    serve(fail_always);
    add_answer("extract", FirstSentences{1});
    ask({.body =
             R"({"model":"reply","stream":true,"messages":[{"role":"user","content":"Hello. Are you there?"}]})"});
    EXPECT_THAT(writer_.head, HasSubstr("content-type: text/event-stream"));
    EXPECT_THAT(writer_.sent, HasSubstr("Hello."));
    EXPECT_THAT(writer_.sent, Not(HasSubstr("there")));
    EXPECT_THAT(writer_.sent, HasSubstr("[DONE]"));
}

TEST_F(ApiTest, GivesNoTextToAClientThatAskedForJson) {
    serve(fail_always);
    add_answer("sorry", TextAnswer{"We will answer soon."});
    add_answer("empty", JsonAnswer{R"({"answer":null})"});
    ask({.body =
             R"({"model":"reply","response_format":{"type":"json_object"},"messages":[{"role":"user","content":"Hi"}]})"});
    EXPECT_EQ(writer_.status, 200);
    EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-fallback: empty;reason=error"));
}

TEST_F(ApiTest, EndsAStreamThatBrokeWithAnErrorEventAndCarriesTheCallId) {
    serve([](Peer& peer, int) {
        peer.request();
        peer.write(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
            R"(data: {"id":"c","model":"m-1","choices":[{"index":0,"delta":{"content":"Hel"}}]})"
            "\n\n");
        peer.close();
    });
    add_answer("sorry", TextAnswer{"We will answer soon."});  // too late for it
    ask({.body = R"({"model":"reply","stream":true,"messages":[{"role":"user","content":"Hi"}]})"});
    EXPECT_EQ(writer_.status, 200);
    EXPECT_THAT(writer_.head, HasSubstr("\r\nx-request-id: "));
    EXPECT_THAT(writer_.head, HasSubstr("\r\nserver-timing: upstream;dur="));
    EXPECT_THAT(writer_.head, Not(HasSubstr("x-tidegate-cost-usd")));  // not known yet
    EXPECT_THAT(writer_.sent, HasSubstr("Hel"));
    EXPECT_THAT(writer_.sent, HasSubstr(R"("error")"));
    EXPECT_THAT(writer_.sent, Not(HasSubstr("We will answer soon.")));
    EXPECT_TRUE(writer_.finished);
}

TEST_F(ApiTest, AnswersOnlyWhenTheRecordIsOnDiskIfThatIsAskedFor) {
    serve(fail_always);
    services_->strict = true;
    ask();
    EXPECT_EQ(writer_.status, 502);
    EXPECT_EQ(log_->stats().synced, 1U);
}

TEST_F(ApiTest, AnswersNothingIfTheRecordCannotBeKept) {
    serve(fail_always);
    services_->strict = true;
    log_->close();
    ask();
    EXPECT_TRUE(writer_.status == 0 || writer_.status == 503) << writer_.status;
    EXPECT_FALSE(writer_.status == 502);
}

}  // namespace
}  // namespace tidegate::pipeline::test
