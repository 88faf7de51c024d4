// What the cache answers, keeps and leaves alone. Requests that share a call at the same time are tested with
// the real daemon (tests/integration/test_cache.py) and by themselves (tests/cache/flights_test.cpp).
#include "pipeline/cached_answer.h"
#include "pipeline/fixture.h"

#include <tidegate/cache/backend.h>
#include <tidegate/cache/flights.h>
#include <tidegate/pipeline/exchange.h>

#include <atomic>
#include <future>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tidegate::pipeline::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using upstream::test::Peer;

constexpr std::string_view kQuestion = R"({"model":"reply","messages":[{"role":"user","content":"Hi"}]})";
constexpr std::string_view kStream =
    R"({"model":"reply","stream":true,"messages":[{"role":"user","content":"Hi"}]})";

class PipelineCacheTest : public ApiTest {
  protected:
    PipelineCacheTest() {
        cache_ = backend_.open(thread_);
        services_->flights = &flights_;
        state_->cache = cache_.get();
    }
    // Nothing runs any more when the cache goes.
    ~PipelineCacheTest() override { thread_.stop(); }

    // Every request gets another answer, with this status and these further members of its choice.
    void answer(int status = 200, std::string choice = R"("finish_reason":"stop")") {
        serve([this, status, choice](Peer& peer, int) {
            while (!peer.request().empty()) {
                const std::string body = fmt::format(
                    R"({{"id":"c","object":"chat.completion","model":"m-1","choices":[{{"index":0,{},"message":{{"role":"assistant","content":"answer {}"}}}}],"usage":{{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}}})",
                    choice, ++calls_);
                peer.write(fmt::format(
                    "HTTP/1.1 {} Any\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}", status,
                    body.size(), body));
            }
        });
        keep_answers();
    }
    void stream() {
        serve([this](Peer& peer, int) {
            while (!peer.request().empty()) {
                const std::string body = fmt::format(
                    "data: "
                    "{{\"id\":\"c\",\"model\":\"m-1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":"
                    "\"answer {}\"}}}}]}}\n\n"
                    ": a comment\n\n"
                    "data: "
                    "{{\"id\":\"c\",\"model\":\"m-1\",\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_"
                    "reason\":\"stop\"}}]}}\n\n"
                    "data: [DONE]\n\n",
                    ++calls_);
                peer.write(fmt::format(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{}",
                    body.size(), body));
            }
        });
        keep_answers();
    }
    void keep_answers(cache::Scope scope = cache::Scope::feature) {
        feature().cache = cache::Policy{10min, scope};
        feature().cache_series = &metrics_.cache("reply");
    }

    // The body that the client got.
    std::string say(std::string_view body = kQuestion, std::vector<http::Field> fields = {}) {
        writer_.sent.clear();
        writer_.head.clear();
        ask({.body = std::string(body), .fields = std::move(fields)});
        return writer_.sent;
    }
    std::string cache_word() const {
        constexpr std::string_view kName = "x-tidegate-cache: ";
        const std::size_t at = writer_.head.find(kName);
        if (at == std::string::npos)
            return "";
        return writer_.head.substr(at + kName.size(), writer_.head.find("\r\n", at) - at - kName.size());
    }
    std::uint64_t counted(CacheResult result) {
        return metrics_.cache("reply").results[static_cast<std::size_t>(result)].value();
    }

    std::atomic<int> calls_{0};
    cache::Flights flights_;
    cache::Backend backend_{cache::MemoryOptions{}, clock_};
    std::unique_ptr<cache::Cache> cache_;
};

TEST_F(PipelineCacheTest, AnswersTheSameRequestOnceMoreWithoutACall) {
    answer();
    const std::string first = say();
    EXPECT_EQ(cache_word(), "miss");
    const std::string again = say();
    EXPECT_EQ(cache_word(), "hit");
    EXPECT_EQ(again, first);
    EXPECT_EQ(calls_, 1);
    EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-cost-usd: 0.000000000\r\n"));
    EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-variant: stable\r\n"));
    const auto& outcomes = feature().variants[0].series->outcomes;
    EXPECT_EQ(outcomes[static_cast<std::size_t>(events::Outcome::ok)].value(), 1U);
    EXPECT_EQ(outcomes[static_cast<std::size_t>(events::Outcome::cached)].value(), 1U);
    EXPECT_EQ(counted(CacheResult::miss), 1U);
    EXPECT_EQ(counted(CacheResult::hit), 1U);
}

TEST_F(PipelineCacheTest, ReplaysAStreamByteForByte) {
    stream();
    const std::string first = say(kStream);
    EXPECT_THAT(first, HasSubstr("[DONE]"));
    EXPECT_EQ(say(kStream), first);
    EXPECT_EQ(cache_word(), "hit");
    EXPECT_THAT(writer_.head, HasSubstr("content-type: text/event-stream"));
    EXPECT_EQ(calls_, 1);
}

TEST_F(PipelineCacheTest, NeverAnswersAStreamWithAWholeAnswer) {
    answer();
    say();
    stream();  // the same feature from now on
    say(kStream);
    EXPECT_EQ(cache_word(), "miss");
}

TEST_F(PipelineCacheTest, ForgetsAnAnswerWhenItsTimeIsOver) {
    answer();
    say();
    clock_.advance(10min);
    say();
    EXPECT_EQ(cache_word(), "hit");
    clock_.advance(1ms);
    say();
    EXPECT_EQ(cache_word(), "miss");
    EXPECT_EQ(calls_, 2);
}

TEST_F(PipelineCacheTest, SaysBypassWhereTheFeatureHasNoCache) {
    answer();
    feature().cache.reset();
    feature().cache_series = nullptr;
    say();
    EXPECT_EQ(cache_word(), "bypass");
    say();
    EXPECT_EQ(calls_, 2);
}

TEST_F(PipelineCacheTest, KeepsNoErrorsRefusalsAndCutAnswers) {
    answer(500);
    say();
    say();
    EXPECT_EQ(calls_, 2);
    answer(200, R"("finish_reason":"content_filter")");
    say();
    say();
    EXPECT_EQ(calls_, 4);
    serve([this](Peer& peer, int) {
        peer.request();
        ++calls_;
        peer.write(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
            "data: "
            "{\"id\":\"c\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n");
        peer.close();
    });
    say(kStream);
    say(kStream);
    EXPECT_EQ(calls_, 6);
    EXPECT_EQ(cache_word(), "miss");
}

TEST_F(PipelineCacheTest, KeepsNoFallback) {
    answer(500);
    add_answer("sorry", TextAnswer{"We will answer soon."});
    EXPECT_THAT(say(), HasSubstr("We will answer soon."));
    say();
    EXPECT_EQ(cache_word(), "miss");
    EXPECT_EQ(calls_, 2);
}

TEST_F(PipelineCacheTest, LeavesACallAloneWhoseClientSaysNoStore) {
    answer();
    say(kQuestion, {{"Cache-Control", "max-age=5, No-Store"}});
    EXPECT_EQ(cache_word(), "bypass");
    say();
    EXPECT_EQ(cache_word(), "miss") << "it was not kept";
    say(kQuestion, {{"cache-control", "no-store"}});
    EXPECT_EQ(calls_, 3) << "nor is it answered from there";
}

TEST_F(PipelineCacheTest, MakesTheCallAnewAndKeepsItForAClientThatSaysNoCache) {
    answer();
    say();
    const std::string fresh = say(kQuestion, {{"cache-control", "no-cache"}});
    EXPECT_EQ(cache_word(), "bypass");
    EXPECT_EQ(calls_, 2);
    EXPECT_EQ(say(), fresh);
    EXPECT_EQ(cache_word(), "hit");
    EXPECT_EQ(calls_, 2);
}

TEST_F(PipelineCacheTest, LeavesRequestsAloneThatReferToWhatTheirProviderHolds) {
    answer();
    constexpr std::string_view body =
        R"({"model":"reply","previous_response_id":"r","messages":[{"role":"user","content":"Hi"}]})";
    say(body);
    EXPECT_EQ(cache_word(), "bypass");
    say(body);
    EXPECT_EQ(calls_, 2);
}

TEST_F(PipelineCacheTest, SharesAmongUsersUnlessTheScopeIsTheUser) {
    answer();
    say(kQuestion, {{"x-tidegate-user", "ann"}});
    say(kQuestion, {{"x-tidegate-user", "bob"}});
    EXPECT_EQ(calls_, 1);
    keep_answers(cache::Scope::user);
    say(kQuestion, {{"x-tidegate-user", "ann"}});
    EXPECT_EQ(cache_word(), "miss");
    say(kQuestion, {{"x-tidegate-user", "bob"}});
    EXPECT_EQ(cache_word(), "miss");
    say(kQuestion, {{"x-tidegate-user", "ann"}});
    EXPECT_EQ(cache_word(), "hit");
    say();
    EXPECT_EQ(cache_word(), "bypass") << "nobody to keep it for";
}

TEST_F(PipelineCacheTest, KeepsNothingOfAnonymousCallersWhereTheScopeIsTheKey) {
    answer();
    keep_answers(cache::Scope::key);
    say();
    EXPECT_EQ(cache_word(), "bypass");
}

TEST_F(PipelineCacheTest, TellsApartWhatTheAnswerDependsOn) {
    answer();
    say();
    const auto is_miss = [this](std::string_view body, std::vector<http::Field> fields = {}) {
        say(body, std::move(fields));
        return cache_word() == "miss";
    };
    EXPECT_TRUE(is_miss(R"({"model":"reply","messages":[{"role":"user","content":"Hello"}]})"));
    EXPECT_TRUE(is_miss(
        R"({"model":"reply","messages":[{"role":"user","content":"Hi"}],"tidegate":{"variables":{"brand":"Acme"}}})"));
    EXPECT_TRUE(is_miss(kQuestion, {{"x-tidegate-variables", R"({"brand":"Globex"})"}}));
    EXPECT_TRUE(is_miss(kQuestion, {{"openai-beta", "assistants=v2"}}));
    feature().variants[0].content_hash = digest_of("another prompt");
    EXPECT_TRUE(is_miss(kQuestion));
    feature().variants[0].content_hash = {};
    EXPECT_FALSE(is_miss(kQuestion));
    EXPECT_FALSE(is_miss(
        R"({"model":"reply","messages":[{"role":"user","content":"Hi"}],"tidegate":{"variables":{"brand":"Acme"}}})"));
    EXPECT_FALSE(is_miss(
        R"({"model":"reply","messages":[{"role":"user","content":"Hi"}],"tidegate":{"variables":{"brand":"Acme"}}})",
        {{"x-tidegate-variables", R"({"brand":"Globex"})"}}))
        << "the header wins, and that was asked before";
}

async::Task<> keep(cache::Cache& cache, std::promise<void>& kept) {
    cache::Entry entry;
    entry.origin.call_id = "earlier";
    entry.origin.tripped = {{"moderation", "hate", true}};
    entry.body = "{}";
    auto shared = std::make_shared<const cache::Entry>(std::move(entry));
    co_await cache.store(digest_of("key"), std::move(shared), 10min);
    kept.set_value();
}

async::Task<> ask_stale(Exchange& exchange, std::promise<bool>& answered) {
    const bool found = co_await answer_with_stale(exchange);
    answered.set_value(found);
}

TEST_F(PipelineCacheTest, GivesADeadAnswerWhereTheBudgetAllowsNoOther) {
    answer();
    std::promise<void> kept;
    thread_.run_and_wait([&] { thread_.tasks().spawn(keep(*cache_, kept)); });
    kept.get_future().get();
    clock_.advance(24h);
    http::Request request;
    Exchange exchange(*state_, request, writer_, dialect::Format::openai, dialect::Operation::chat);
    exchange.feature = &feature();
    exchange.variant = &feature().variants[0];
    const auto stale = [&] {
        std::promise<bool> answered;
        thread_.run_and_wait([&] { thread_.tasks().spawn(ask_stale(exchange, answered)); });
        return answered.get_future().get();
    };
    EXPECT_FALSE(stale()) << "a call that the cache has nothing to do with";
    exchange.cache.key = digest_of("another key");
    EXPECT_FALSE(stale());
    exchange.cache.key = digest_of("key");
    exchange.cache.wants_fresh = true;
    EXPECT_FALSE(stale());
    exchange.cache.wants_fresh = false;
    ASSERT_TRUE(stale());
    EXPECT_EQ(exchange.outgoing->body, "{}");
    EXPECT_EQ(exchange.cache.result, CacheResult::stale);
    EXPECT_EQ(exchange.cache.source, "earlier");
    EXPECT_EQ(exchange.fallback_entry, "cache");
    EXPECT_EQ(exchange.fallback_reason, "budget");
    ASSERT_EQ(exchange.trips.size(), 1U) << "for its record, which must not hold what was found";
    EXPECT_EQ(exchange.trips[0].guardrail, "moderation");
    EXPECT_EQ(exchange.trips[0].direction, guardrails::Direction::input);
    EXPECT_FALSE(exchange.settled());
}

}  // namespace
}  // namespace tidegate::pipeline::test
