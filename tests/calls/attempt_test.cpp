// One variant run once, against a provider that does what the script says.
#include "calls/attempt_fixture.h"
#include "calls/guard_fixture.h"

#include <tidegate/prompts/registry.h>

#include <atomic>

#include <gmock/gmock.h>

namespace tidegate::calls::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kAnswer =
    R"({"id":"c","object":"chat.completion","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}})";

// Answers the requests of all connections in turn; the last answer again and again.
ScriptedServer::Script answering(std::vector<std::string> answers) {
    auto next = std::make_shared<std::atomic<std::size_t>>(0);
    return [answers = std::move(answers), next](Peer& peer, int) {
        while (!peer.request().empty()) {
            const std::size_t i = std::min((*next)++, answers.size() - 1);
            if (!peer.write(answers[i]))
                return;
        }
    };
}

TEST_F(AttemptTest, GivesTheAnswerWithItsUsageAndCost) {
    serve(answering({http_answer(200, kAnswer, "x-request-id: abc\r\n")}));
    const AttemptResult result = attempt();
    EXPECT_EQ(result.reason, Reason::ok);
    EXPECT_EQ(result.body, kAnswer);
    EXPECT_EQ(result.record.usage_kind, events::UsageKind::reported);
    EXPECT_EQ(result.record.cost, NanoDollars{10 * 1000 + 5 * 2000});
    EXPECT_EQ(result.record.provider_request_id, "abc");
    EXPECT_EQ(result.record.tries, 1);
    EXPECT_EQ(result.finish, "stop");
    EXPECT_EQ(series_.inflight.value(), 0);
    EXPECT_EQ(concurrency_.in_flight(), 0);
}

TEST_F(AttemptTest, ReleasesAStreamAtItsFirstContentAndNotBefore) {
    upstream::test::Event released;
    serve([&](Peer& peer, int) {
        peer.request();
        peer.write(stream_head() + chunk("Hel"));
        released.wait();
        peer.write(chunk("lo") + "data: [DONE]\n\n");
        peer.close();
    });
    auto result = begin(streaming());
    ASSERT_TRUE(sink_.first_write.wait());
    released.set();
    const AttemptResult ended = result.get();
    EXPECT_EQ(ended.reason, Reason::ok);
    EXPECT_TRUE(ended.released);
    EXPECT_EQ(sink_.begun, 1);
    EXPECT_THAT(sink_.written + ended.body, HasSubstr("[DONE]"));
}

TEST_F(AttemptTest, ReleasesNothingOfAStreamThatBreaksOffBeforeContent) {
    serve([](Peer& peer, int) {
        peer.request();
        peer.write(stream_head() +
                   R"(data: {"id":"c","model":"m-1","choices":[{"index":0,"delta":{"role":"assistant"}}]})" +
                   "\n\n");
        peer.close();
    });
    const AttemptResult result = attempt(streaming());
    EXPECT_TRUE(allows_fallback(result.reason));
    EXPECT_FALSE(result.released);
    EXPECT_EQ(sink_.begun, 0);
    EXPECT_EQ(sink_.written, "");
}

TEST_F(AttemptTest, HoldsNoEndlessStreamWithoutContent) {
    serve([](Peer& peer, int) {
        peer.request();
        peer.write(stream_head());
        const std::string comment = ": " + std::string(500'000, 'x') + "\n\n";
        for (int i = 0; i < 12; ++i) peer.write(comment);
        peer.write(chunk("at last"));
        peer.until_closed();
    });
    const AttemptResult result = attempt(streaming());
    EXPECT_EQ(result.reason, Reason::malformed);
    EXPECT_EQ(sink_.begun, 0);
}

TEST_F(AttemptTest, NeverShowsTheKeyThatAProviderQuotes) {
    const std::string quoting = R"({"error":{"message":"wrong key: sk-canary-1","code":"x"}})";
    serve([&](Peer& peer, int number) {
        peer.request();
        peer.write(number == 0   ? http_answer(401, quoting)
                   : number == 1 ? http_answer(400, quoting)
                                 : stream_head() + chunk("Hel") + "data: " + quoting + "\n\n");
        peer.close();
    });
    upstream::EndpointOptions options;
    options.base_url = server_->url();
    options.headers = {{"authorization", "Bearer sk-canary-1"}};
    provider_->endpoint = upstream::test::Harness::endpoint(options);
    for (const Variation& variation : {Variation{}, Variation{}, streaming()}) {
        const AttemptResult result = attempt(variation);
        EXPECT_NE(result.reason, Reason::ok);
        EXPECT_THAT(result.record.error, HasSubstr("wrong key: [redacted]"));
        EXPECT_THAT(result.body, Not(HasSubstr("canary")));
        EXPECT_THAT(sink_.written, Not(HasSubstr("canary")));
    }
}

TEST_F(AttemptTest, WritesWhatCameBeforeAStreamBrokeOff) {
    serve([](Peer& peer, int) {
        peer.request();
        peer.write(stream_head() + chunk("one") + chunk("two"));
        peer.close();
    });
    const AttemptResult result = attempt(streaming());
    EXPECT_NE(result.reason, Reason::ok);
    EXPECT_TRUE(result.released);
    EXPECT_THAT(sink_.written, HasSubstr("one"));
    EXPECT_THAT(sink_.written, HasSubstr("two"));
    EXPECT_EQ(result.body, "");
}

TEST_F(AttemptTest, GivesUpAStreamWhoseFirstContentIsLate) {
    upstream::test::Event asked;
    serve([&](Peer& peer, int) {
        peer.request();
        asked.set();
        peer.until_closed();
    });
    auto result = begin(streaming());
    ASSERT_TRUE(asked.wait());
    harness_.clock.advance(std::chrono::seconds{11});
    const AttemptResult late = result.get();
    EXPECT_EQ(late.reason, Reason::first_token_timeout);
    EXPECT_EQ(late.record.usage_kind, events::UsageKind::bounded);  // it may have been charged
}

TEST_F(AttemptTest, EndsAReleasedStreamAtTheDeadline) {
    serve([&](Peer& peer, int) {
        peer.request();
        peer.write(stream_head() + chunk("Hel"));
        peer.until_closed();
    });
    auto result = begin(streaming());
    ASSERT_TRUE(sink_.first_write.wait());
    harness_.clock.advance(std::chrono::seconds{61});
    const AttemptResult late = result.get();
    EXPECT_EQ(late.reason, Reason::timeout);
    EXPECT_TRUE(late.released);
}

TEST_F(AttemptTest, TriesARateLimitedRequestAgainOnlyAsTheLastEntryOfItsChain) {
    const std::string limited = http_answer(429, R"({"error":{"message":"slow down"}})", "retry-after: 0\r\n");
    serve(answering({limited, limited, http_answer(200, kAnswer)}));
    Variation early;
    early.last = false;
    const AttemptResult first = attempt(early);
    EXPECT_EQ(first.reason, Reason::rate_limit);
    EXPECT_EQ(first.record.tries, 1);
    EXPECT_EQ(first.record.cost, NanoDollars{});
    EXPECT_EQ(first.retry_after, Duration::zero());
    const AttemptResult last = attempt();
    EXPECT_EQ(last.reason, Reason::ok);
    EXPECT_EQ(last.record.tries, 2);
    EXPECT_EQ(last.record.status, 200);
}

TEST_F(AttemptTest, NeverMultipliesTheTriesOfAnSdk) {
    serve(answering({http_answer(429, "{}", "retry-after: 0\r\n")}));
    Variation retrying;
    retrying.second_try = false;
    EXPECT_EQ(attempt(retrying).record.tries, 1);
}

TEST_F(AttemptTest, LeavesNothingOfARejectedTryOnTheStreamOfTheNext) {
    serve([](Peer& peer, int connection) {
        peer.request();
        if (connection == 0) {
            peer.write(http_answer(409, R"({"error":{"message":"conflict"}})",
                                   "retry-after: 0\r\nx-request-id: first\r\n"));
        } else {
            peer.write(stream_head() + chunk("Hel"));
        }
        peer.close();
    });
    const AttemptResult result = attempt(streaming());
    EXPECT_EQ(result.record.tries, 2);
    EXPECT_TRUE(result.released);
    EXPECT_EQ(result.body, "");
    EXPECT_THAT(result.header_lines, Not(HasSubstr("first")));
}

TEST_F(AttemptTest, TriesAgainWhenAReusedConnectionWasDead) {
    serve([](Peer& peer, int connection) {
        peer.request();
        peer.write(http_answer(200, kAnswer));
        if (connection == 0) {
            peer.request();  // and no answer to it
            peer.close();
        } else {
            peer.until_closed();
        }
    });
    EXPECT_EQ(attempt().reason, Reason::ok);
    const AttemptResult result = attempt();
    EXPECT_EQ(result.reason, Reason::ok);
    EXPECT_EQ(result.record.tries, 2);
    EXPECT_EQ(server_->connections(), 2);
}

TEST_F(AttemptTest, DoesNotTryAgainWhenAReusedConnectionKeptSilent) {
    upstream::test::Event asked;
    serve([&](Peer& peer, int) {
        peer.request();
        peer.write(http_answer(200, kAnswer));
        peer.request();
        asked.set();
        peer.until_closed();
    });
    EXPECT_EQ(attempt().reason, Reason::ok);
    auto silent = begin();
    ASSERT_TRUE(asked.wait());
    harness_.clock.advance(std::chrono::seconds{61});
    const AttemptResult result = silent.get();
    EXPECT_EQ(result.reason, Reason::timeout);
    EXPECT_EQ(result.record.tries, 1);
}

TEST_F(AttemptTest, CallsAnAnswerThatIsNoneMalformed) {
    serve(answering({http_answer(200, "not json")}));
    EXPECT_EQ(attempt().reason, Reason::malformed);
}

TEST_F(AttemptTest, CallsAnAnswerToAStreamThatIsNoStreamMalformed) {
    serve(answering({http_answer(200, kAnswer)}));
    const AttemptResult result = attempt(streaming());
    EXPECT_EQ(result.reason, Reason::malformed);
    EXPECT_EQ(sink_.begun, 0);
}

TEST_F(AttemptTest, TellsRefusalsFromMistakesOfTheClient) {
    serve(answering({http_answer(400, R"({"error":{"message":"filtered","code":"content_filter"}})"),
                     http_answer(400, R"({"error":{"message":"bad temperature"}})")}));
    const AttemptResult refused = attempt();
    EXPECT_EQ(refused.reason, Reason::refusal);
    EXPECT_EQ(refused.status, 400);
    const AttemptResult rejected = attempt();
    EXPECT_EQ(rejected.reason, Reason::rejected);
    EXPECT_THAT(rejected.body, HasSubstr("bad temperature"));
    EXPECT_EQ(rejected.record.cost, NanoDollars{});
}

TEST_F(AttemptTest, OpensTheCircuitAfterFailuresAndThenCallsNobody) {
    serve(answering({http_answer(500, "{}")}));
    for (std::uint32_t i = 0; i < upstream::CircuitBreaker::kConsecutiveFailures; ++i) {
        EXPECT_EQ(attempt().reason, Reason::error);
    }
    const AttemptResult result = attempt();
    EXPECT_EQ(result.reason, Reason::circuit_open);
    EXPECT_EQ(result.record.tries, 0);
    EXPECT_GT(result.retry_after, Duration::zero());
}

TEST_F(AttemptTest, BlamesNoProviderForTimeThatOthersUsedUp) {
    serve(answering({http_answer(200, kAnswer)}));
    Variation late;
    late.time = Duration::zero();
    for (std::uint32_t i = 0; i < upstream::CircuitBreaker::kConsecutiveFailures; ++i) {
        const AttemptResult result = attempt(late);
        EXPECT_EQ(result.reason, Reason::timeout);
        EXPECT_EQ(result.record.tries, 0);
    }
    EXPECT_EQ(breaker_.state(harness_.clock.steady()), upstream::CircuitState::closed);
    EXPECT_EQ(server_->connections(), 0);
}

TEST_F(AttemptTest, IsOverloadedAtOnceWhenTheProvidersLimitIsFull) {
    serve(answering({http_answer(200, kAnswer)}));
    upstream::EndpointOptions options;
    options.name = "scripted";
    options.base_url = server_->url();
    options.concurrent = 1;
    provider_->endpoint = upstream::test::Harness::endpoint(options);
    const auto taken = concurrency_.try_acquire(1);
    EXPECT_EQ(attempt().reason, Reason::overloaded);
    EXPECT_EQ(server_->connections(), 0);
}

TEST_F(AttemptTest, BillsABoundWhenTheClientLeavesInMidStream) {
    upstream::test::Event closed;
    serve([&](Peer& peer, int) {
        peer.request();
        peer.write(stream_head() + chunk("Hel"));
        peer.until_closed();
        closed.set();
    });
    auto result = begin(streaming());
    ASSERT_TRUE(sink_.first_write.wait());
    harness_.cancel();
    const AttemptResult left = result.get();
    EXPECT_EQ(left.reason, Reason::cancelled);
    EXPECT_EQ(left.record.usage_kind, events::UsageKind::bounded);
    EXPECT_GT(left.record.usage.output, 0);
    EXPECT_GT(left.record.cost, NanoDollars{});
    EXPECT_TRUE(closed.wait());  // the provider works no longer for nobody
    EXPECT_EQ(breaker_.state(harness_.clock.steady()), upstream::CircuitState::closed);
}

TEST_F(AttemptTest, CallsNobodyWithoutAVariableThatThePromptNeeds) {
    serve(answering({http_answer(200, kAnswer)}));
    variant_.prompt = std::make_shared<prompts::PromptVersion>(
        "p@1", "hash",
        std::vector<prompts::Template>{{dialect::Role::system, prompts::parse_template("Be {{brand}}.")}},
        std::map<std::string, prompts::VariableRule, std::less<>>{{"brand", {true, ""}}});
    const AttemptResult result = attempt();
    EXPECT_EQ(result.reason, Reason::prompt_variable_missing);
    EXPECT_THAT(result.message, HasSubstr("brand"));
    EXPECT_EQ(server_->connections(), 0);
}

TEST_F(AttemptTest, CrossesToTheOtherDialectAndBack) {
    std::string received;
    upstream::test::Event asked;
    serve(
        [&](Peer& peer, int) {
            received = peer.request();
            asked.set();
            peer.write(http_answer(
                200,
                R"({"id":"msg_1","type":"message","role":"assistant","model":"m-1","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","usage":{"input_tokens":7,"output_tokens":3}})"));
            peer.until_closed();
        },
        dialect::Format::anthropic);
    const AttemptResult result = attempt();
    ASSERT_TRUE(asked.wait());
    EXPECT_THAT(received, HasSubstr("POST /v1/messages "));
    EXPECT_THAT(received, HasSubstr("anthropic-version: "));
    EXPECT_EQ(result.reason, Reason::ok);
    EXPECT_THAT(result.body, HasSubstr("chat.completion"));
    EXPECT_THAT(result.body, HasSubstr("Hello"));
    EXPECT_EQ(result.record.usage.input, 7);
    EXPECT_EQ(result.record.usage.output, 3);
}

// Only then may the record take the request as it is without another look.
TEST_F(AttemptTest, KnowsARequestOfWhichEveryTextWasFoundClean) {
    serve(answering({http_answer(200, kAnswer)}));
    const auto clean = [this](std::string body) { return attempt({.body = std::move(body)}).request_clean; };
    const std::string kind = R"({"model":"f","messages":[{"role":"user","content":"be kind"}]})";
    EXPECT_FALSE(clean(kind)) << "nobody looked";
    variant_.guardrails = {word_guardrail("word", {"cruel"}, {.input = Action::record})};
    EXPECT_TRUE(clean(kind));
    EXPECT_FALSE(clean(R"({"model":"f","messages":[{"role":"user","content":"be cruel"}]})"));
    const auto with = [](const std::string& member) {
        return R"({"model":"f","messages":[{"role":"user","content":"be kind"}],)" + member + "}";
    };
    EXPECT_FALSE(clean(with(R"("tidegate":{"context":["be cruel"]})"))) << "which nobody sends";
    EXPECT_FALSE(clean(with(R"("metadata":{"mood":"cruel"})"))) << "which may not be sent";
    EXPECT_TRUE(clean(with(R"("tidegate":{"context":["be kind"]},"metadata":{"mood":"kind"})")));
}

// What a guardrail says of a prompt and a client's request that hold one half each of what it looks for.
class JoinedTextTest : public AttemptTest {
  protected:
    Reason reason_with(dialect::Format client, dialect::Format provider, std::string body) {
        serve(answering({http_answer(200, "{}")}), provider);
        variant_.guardrails = {word_guardrail("joined", {"brief.\n\nBe kind"}, {.input = Action::block})};
        const prompts::Template system{dialect::Role::system, prompts::parse_template("Be brief.")};
        variant_.prompt = std::make_shared<prompts::PromptVersion>(
            "p@1", "hash", std::vector<prompts::Template>{system},
            std::map<std::string, prompts::VariableRule, std::less<>>{});
        return attempt({.body = std::move(body), .client = client}).reason;
    }
    const std::string messages_ =
        R"({"model":"f","messages":[{"role":"system","content":"Be kind"},{"role":"user","content":"Hi"}]})";
    const std::string system_ =
        R"({"model":"f","max_tokens":9,"system":"Be kind","messages":[{"role":"user","content":"Hi"}]})";
};

TEST_F(JoinedTextTest, IsSeenWhereAnthropicsSystemTextIsOne) {
    EXPECT_EQ(reason_with(dialect::Format::anthropic, dialect::Format::anthropic, system_), Reason::blocked);
    EXPECT_EQ(reason_with(dialect::Format::openai, dialect::Format::anthropic, messages_), Reason::blocked);
}

TEST_F(AttemptTest, SeesTextsThatOnlyCrossingJoins) {
    serve(answering({http_answer(200, "{}")}), dialect::Format::anthropic);
    variant_.guardrails = {word_guardrail("joined", {"brief.\n\nBe kind"}, {.input = Action::block})};
    EXPECT_EQ(attempt({.body = R"({"model":"f","messages":[{"role":"system","content":"Be brief."},
                                {"role":"system","content":"Be kind"},{"role":"user","content":"Hi"}]})"})
                  .reason,
              Reason::blocked);
}

TEST_F(JoinedTextTest, IsNoneWhereMessagesStayApart) {
    EXPECT_NE(reason_with(dialect::Format::openai, dialect::Format::openai, messages_), Reason::blocked);
}

// The prompt's own text is looked at as well as the client's.
TEST_F(AttemptTest, BlocksWhatOnlyThePromptSays) {
    serve(answering({http_answer(200, kAnswer)}));
    variant_.guardrails = {word_guardrail("word", {"cruel"}, {.input = Action::block})};
    variant_.prompt = std::make_shared<prompts::PromptVersion>(
        "p@1", "hash",
        std::vector<prompts::Template>{{dialect::Role::system, prompts::parse_template("Be cruel.")}},
        std::map<std::string, prompts::VariableRule, std::less<>>{});
    EXPECT_EQ(attempt().reason, Reason::blocked);
}

// Nothing of the client's is rewritten where only the record is to be spared a second look.
TEST_F(AttemptTest, RedactsWhatIsSentAndNothingElse) {
    std::string received;
    upstream::test::Event asked;
    serve([&](Peer& peer, int) {
        received = peer.request();
        asked.set();
        peer.write(http_answer(200, kAnswer));
    });
    variant_.guardrails = {word_guardrail("word", {"cruel"}, {.input = Action::redact})};
    const AttemptResult result =
        attempt({.body = R"({"model":"f","messages":[{"role":"user","content":"be cruel, be kind"}]})"});
    ASSERT_TRUE(asked.wait());
    EXPECT_EQ(result.reason, Reason::ok);
    EXPECT_THAT(received, HasSubstr("be [word], be kind"));
    EXPECT_FALSE(result.request_clean);
}

}  // namespace
}  // namespace tidegate::calls::test
