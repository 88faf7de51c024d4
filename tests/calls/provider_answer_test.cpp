// What a provider's status and headers mean, and which of them go on to the client.
#include "calls/provider_answer.h"

#include "dialect/padded.h"
#include "upstream/harness.h"

#include <tidegate/calls/variant.h>

#include <future>
#include <vector>

#include <gmock/gmock.h>

namespace tidegate::calls {
namespace {

using testing::HasSubstr;
using testing::Not;
using upstream::test::Harness;
using upstream::test::Peer;
using upstream::test::ScriptedServer;
using namespace std::chrono_literals;

TEST(ReasonOfStatus, TellsTheProvidersFaultsFromTheClients) {
    for (const int status : {400, 409, 413, 422})
        EXPECT_EQ(reason_of_status(status), Reason::rejected) << status;
    for (const int status : {408, 504}) EXPECT_EQ(reason_of_status(status), Reason::timeout) << status;
    for (const int status : {503, 529}) EXPECT_EQ(reason_of_status(status), Reason::overloaded) << status;
    EXPECT_EQ(reason_of_status(429), Reason::rate_limit);
    // Our credentials or addresses are wrong, or nobody knows: another variant may do better.
    for (const int status : {301, 401, 402, 403, 404, 418, 500, 502, 599})
        EXPECT_EQ(reason_of_status(status), Reason::error) << status;
}

TEST(ReasonOfStatus, DecidesAboutFallbackBreakerAndSecondTry) {
    struct Row {
        int status;
        bool fallback;
        bool breaker;
        bool again;
    };
    for (const Row row :
         {Row{400, false, false, false}, Row{401, true, false, false}, Row{404, true, false, false},
          Row{408, true, true, true}, Row{409, false, false, true}, Row{413, false, false, false},
          Row{422, false, false, false}, Row{429, true, true, true}, Row{500, true, true, true},
          Row{503, true, true, true}, Row{529, true, true, true}}) {
        EXPECT_EQ(allows_fallback(reason_of_status(row.status)), row.fallback) << row.status;
        EXPECT_EQ(counts_for_breaker(row.status), row.breaker) << row.status;
        EXPECT_EQ(may_try_again(row.status), row.again) << row.status;
    }
}

TEST(ReasonNames, AreDistinctAndThoseOfTheMetric) {
    std::vector<std::string> names;
    for (int i = 0; i <= static_cast<int>(Reason::cancelled); ++i)
        names.emplace_back(to_string(static_cast<Reason>(i)));
    EXPECT_THAT(
        names, testing::ElementsAre("ok", "error", "timeout", "first_token_timeout", "rate_limit", "overloaded",
                                    "circuit_open", "refusal", "malformed", "guardrail", "low_confidence",
                                    "budget", "rejected", "invalid_request", "prompt_variable_missing",
                                    "blocked", "key_limited", "key_budget", "cancelled"));
}

TEST(ReasonNames, OfWhatEndsTheChain) {
    for (const Reason reason :
         {Reason::ok, Reason::rejected, Reason::invalid_request, Reason::prompt_variable_missing,
          Reason::blocked, Reason::key_limited, Reason::key_budget, Reason::cancelled})
        EXPECT_FALSE(allows_fallback(reason)) << to_string(reason);
    for (const Reason reason : {Reason::error, Reason::timeout, Reason::first_token_timeout, Reason::rate_limit,
                                Reason::overloaded, Reason::circuit_open, Reason::refusal, Reason::malformed,
                                Reason::guardrail, Reason::low_confidence, Reason::budget})
        EXPECT_TRUE(allows_fallback(reason)) << to_string(reason);
}

// Sunday, 6 November 1994, 08:49:37 UTC.
constexpr WallTime kNow{std::chrono::seconds{784'111'777}};

TEST(RetryAfter, IsSecondsOrADate) {
    EXPECT_EQ(parse_retry_after("2", kNow), 2s);
    EXPECT_EQ(parse_retry_after("0", kNow), 0s);
    EXPECT_EQ(parse_retry_after(" 1.5 ", kNow), 1500ms);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", kNow), 30s);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:07 GMT", kNow), 0s);  // gone by
}

TEST(RetryAfter, IsBounded) {
    EXPECT_EQ(parse_retry_after("-5", kNow), 0s);
    EXPECT_EQ(parse_retry_after("1000000000", kNow), 1h);
    EXPECT_EQ(parse_retry_after(std::string(300, '9'), kNow), 1h);
    EXPECT_EQ(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", kNow), 1h);
}

TEST(RetryAfter, IsNothingWhenItIsNeither) {
    for (const char* value :
         {"", " ", "soon", "2s", "1e9", "0x10", "nan", "inf", "2,3", "1 2", "Sun, 06 Nov 1994 08:50:07",
          "Sun, 06 Nov 1994 08:50:07 GMT+1", "1994-11-06T08:49:37Z"})
        EXPECT_EQ(parse_retry_after(value, kNow), std::nullopt) << value;
}

// Shows the head of an answer to `look`, on the client's thread.
async::Task<> show(Harness& harness, upstream::Request request,
                   std::function<void(const upstream::Response&)> look,
                   std::shared_ptr<std::promise<void>> done) {
    {
        upstream::Outcome outcome = co_await harness.client->send(request, *harness.cancellation);
        if (outcome) {
            const std::unique_ptr<upstream::Response> response = std::move(*outcome);
            look(*response);
        }
    }
    done->set_value();
}

template <class Function>
auto of_answer(const std::string& lines, Function function) {
    ScriptedServer server([&](Peer& peer, int) {
        peer.request();
        peer.write("HTTP/1.1 429 Too Many Requests\r\n" + lines + "content-length: 0\r\n\r\n");
        peer.until_closed();
    });
    Harness harness;
    upstream::Request request;
    request.endpoint = Harness::endpoint(server.url());
    request.path = "/";
    std::optional<decltype(function(std::declval<const upstream::Response&>()))> result;
    auto done = std::make_shared<std::promise<void>>();
    harness.on_thread([&] {
        harness.thread.tasks().spawn(show(
            harness, request, [&](const upstream::Response& response) { result = function(response); }, done));
    });
    done->get_future().wait();
    return result.value();
}

TEST(RetryAfter, TakesMillisecondsFirst) {
    const auto of = [](const std::string& lines) {
        return of_answer(lines, [](const upstream::Response& response) { return retry_after(response, kNow); });
    };
    EXPECT_EQ(of("retry-after-ms: 250\r\nretry-after: 9\r\n"), 250ms);
    EXPECT_EQ(of("Retry-After: 9\r\n"), 9s);
    EXPECT_EQ(of("retry-after-ms: soon\r\nretry-after: 9\r\n"), 9s);
    EXPECT_EQ(of(""), std::nullopt);
}

constexpr const char* kHeaders =
    "X-Request-Id: req_1\r\nretry-after: 3\r\nx-ratelimit-remaining-requests: 7\r\nopenai-version: "
    "2020-10-01\r\n"
    "x-should-retry: false\r\nanthropic-ratelimit-tokens-limit: 9\r\nset-cookie: a=b\r\nserver: "
    "x\r\nx-tidegate-error: forged\r\n"
    "www-authenticate: Bearer\r\nalt-svc: h3\r\n";

TEST(HeadersToPass, AreThoseThatClientsUse) {
    const std::string lines =
        of_answer(kHeaders, [](const upstream::Response& response) { return headers_to_pass(response, true); });
    for (const char* line : {"X-Request-Id: req_1\r\n", "retry-after: 3\r\n",
                             "x-ratelimit-remaining-requests: 7\r\n", "openai-version: 2020-10-01\r\n",
                             "x-should-retry: false\r\n", "anthropic-ratelimit-tokens-limit: 9\r\n"})
        EXPECT_THAT(lines, HasSubstr(line));
    for (const char* name :
         {"set-cookie", "server", "x-tidegate", "www-authenticate", "alt-svc", "content-length"})
        EXPECT_THAT(lines, Not(HasSubstr(name)));
}

TEST(HeadersToPass, AreOnlyTheTimeToWaitOnACrossing) {
    EXPECT_EQ(of_answer(kHeaders,
                        [](const upstream::Response& response) { return headers_to_pass(response, false); }),
              "retry-after: 3\r\n");
}

class RequestHeaders : public testing::Test {
  protected:
    std::string lines(dialect::Format client, dialect::Format provider, bool stream = false, int number = 1) {
        const dialect::ReadRequest request(client, stream ? kStream : kWhole);
        EXPECT_TRUE(request.good()) << request.error();
        const AttemptRequest attempt{.variant = variant_,
                                     .request = request.view(),
                                     .variables = variables_,
                                     .call_id = "id",
                                     .number = number,
                                     .first_token = {},
                                     .passed_headers = passed_,
                                     .idempotency_key = key_,
                                     .cancellation = cancellation_};
        return request_headers(attempt, provider);
    }

    static constexpr const char* kWhole =
        R"({"model":"f","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]})";
    static constexpr const char* kStream =
        R"({"model":"f","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]})";
    std::string passed_;
    std::string key_;
    Variant variant_;
    std::function<std::optional<std::string_view>(std::string_view)> variables_;
    async::Cancellation cancellation_;
};

using enum dialect::Format;

TEST_F(RequestHeaders, SayWhatIsSentAndWanted) {
    EXPECT_EQ(lines(openai, openai), "content-type: application/json\r\naccept: application/json\r\n");
    EXPECT_THAT(lines(openai, openai, true), HasSubstr("accept: text/event-stream\r\n"));
}

TEST_F(RequestHeaders, AlwaysNameAnthropicsVersionAndOnlyOnce) {
    EXPECT_THAT(lines(openai, anthropic), HasSubstr("anthropic-version: 2023-06-01\r\n"));
    passed_ = "Anthropic-Version: 2024-01-01\r\n";
    EXPECT_THAT(lines(anthropic, anthropic), testing::AllOf(HasSubstr(passed_), Not(HasSubstr("2023-06-01"))));
    EXPECT_THAT(lines(openai, openai), Not(HasSubstr("2023-06-01")));
}

TEST_F(RequestHeaders, CrossWithoutTheClientsOwn) {
    passed_ = "openai-beta: assistants=v2\r\n";
    EXPECT_THAT(lines(openai, openai), HasSubstr(passed_));
    EXPECT_THAT(lines(openai, anthropic), Not(HasSubstr("openai-beta")));
}

TEST_F(RequestHeaders, PromiseTheSameRequestOnlyOfTheFirstAttempt) {
    key_ = "order-7";
    EXPECT_THAT(lines(openai, openai), HasSubstr("idempotency-key: order-7\r\n"));
    EXPECT_THAT(lines(openai, openai, false, 2), Not(HasSubstr("idempotency-key")));
}

TEST_F(RequestHeaders, TakeNoLineBreakFromTheClient) {
    for (const char* key : {"a\r\nx-evil: 1", "a\nb", "a\rb"}) {
        key_ = key;
        EXPECT_THAT(lines(openai, openai), Not(HasSubstr("idempotency-key")));
    }
}

TEST(RequestPath, IsThatOfTheProvidersDialect) {
    EXPECT_EQ(request_path(openai, dialect::Operation::chat), "/chat/completions");
    EXPECT_EQ(request_path(openai, dialect::Operation::embeddings), "/embeddings");
    EXPECT_EQ(request_path(anthropic, dialect::Operation::chat), "/v1/messages");
}

}  // namespace
}  // namespace tidegate::calls
