// What the shadow lane runs, drops and records, and that users feel nothing of it.
#include "pipeline/fixture.h"

#include <tidegate/events/log_reader.h>
#include <tidegate/pipeline/shadow_options.h>
#include <tidegate/pipeline/shadow_recorder.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tidegate::pipeline::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using upstream::test::Event;
using upstream::test::Peer;

constexpr std::size_t kStable = 0;
constexpr std::size_t kNext = 1;

std::string http(int status, std::string_view body) {
    return fmt::format("HTTP/1.1 {} Any\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}",
                       status, body.size(), body);
}
std::string answer(std::string_view text) {
    return http(200,
                fmt::format(R"({{"id":"c","model":"m","choices":[{{"index":0,"message":{{"role":"assistant",)"
                            R"("content":"{}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":3,)"
                            R"("completion_tokens":2,"total_tokens":5}}}})",
                            text));
}
std::string stream(std::string_view text) {
    const std::string events = fmt::format(
        "data: "
        "{{\"id\":\"c\",\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n"
        "data: {{\"id\":\"c\",\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}]}}\n\n"
        "data: [DONE]\n\n",
        text);
    return fmt::format("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{}",
                       events.size(), events);
}
bool is_for(const std::string& request, std::string_view model) {
    return request.find(fmt::format(R"("model":"{}")", model)) != std::string::npos;
}

// The feature `reply` of the fixture, with a variant `next` on the model m-2 that its lane repeats every call
// on.
class ShadowTest : public ApiTest {
  protected:
    ShadowTest() { services_->shadow = &recorder_; }
    // Nothing runs any more when the recorder goes.
    ~ShadowTest() override { thread_.stop(); }

    // What both models answer to a request.
    void serve_both(std::function<std::string(const std::string& request)> live,
                    std::function<std::string(const std::string& request)> candidate) {
        serve([this, live = std::move(live), candidate = std::move(candidate)](Peer& peer, int) {
            for (std::string request = peer.request(); !request.empty(); request = peer.request()) {
                const bool is_candidate = is_for(request, "m-2");
                ++(is_candidate ? candidate_calls_ : live_calls_);
                peer.write(is_candidate ? candidate(request) : live(request));
            }
        });
        add_lane();
    }
    void serve_texts(const std::string& live, const std::string& candidate) {
        serve_both([live](const std::string&) { return answer(live); },
                   [candidate](const std::string&) { return answer(candidate); });
    }

    // What runs has ended, and its records are on disk.
    std::vector<events::CallRecord> records() {
        wait_for_runs();
        recorder_.close();
        log_->close();
        events::LogReader reader(*log_);
        events::Cursor cursor;
        std::vector<events::CallRecord> all;
        for (std::vector<events::LogRecord> some; reader.read(cursor, some) && !some.empty();) {
            for (const events::LogRecord& record : some) all.push_back(events::decode(record.json()).value());
        }
        return all;
    }
    std::vector<events::CallRecord> runs() {
        std::vector<events::CallRecord> all = records();
        std::erase_if(all, [](const events::CallRecord& record) { return !record.shadow; });
        return all;
    }
    void wait_for_runs() {
        std::size_t running = 1;
        while (running > 0) {
            thread_.run_and_wait([&] { running = state_->shadow.running(); });
            std::this_thread::yield();
        }
    }
    void on_thread(const std::function<void()>& function) { thread_.run_and_wait(function); }

    std::uint64_t counted(ShadowOutcome outcome, const std::string& variant = "next") {
        return metrics_.shadow("reply", variant).outcomes[static_cast<std::size_t>(outcome)].value();
    }

    ShadowOptions& lane() { return *lane_; }

    upstream::ConcurrencyLimit lane_concurrency_;
    upstream::RetryBudget lane_retries_;
    upstream::CircuitBreaker lane_breaker_;
    upstream::ConcurrencyLimit running_;
    std::shared_ptr<ShadowOptions> lane_ = std::make_shared<ShadowOptions>();
    std::atomic<int> live_calls_{0};
    std::atomic<int> candidate_calls_{0};
    std::atomic<int> compared_{0};
    ShadowRecorder recorder_{
        *log_, [this](const dialect::DecodedAnswer& live, const dialect::DecodedAnswer& run, double minimum,
                      events::Shadow& into) {
            ++compared_;
            into.comparisons = {{"exact", minimum, live.text == run.text}};
            into.disagrees = live.text != run.text;
        }};

  private:
    void add_lane() {
        Feature& reply = feature();
        FeatureVariant next = reply.variants[kStable];
        auto model = std::make_shared<calls::Model>(*next.variant.model);
        model->name = "small";
        model->id = "m-2";
        model->series = &metrics_.upstream("scripted", "small");
        next.variant.name = "next";
        next.variant.model = model;
        next.series = &metrics_.request_series("reply", "next", "small", "scripted");
        reply.variants.push_back(next);
        reply.flag.variants.emplace_back("next");
        reply.chains.push_back({ChainEntry{"next", kNext, {}}});

        auto provider = std::make_shared<calls::Provider>(*provider_);
        provider->concurrency = &lane_concurrency_;
        provider->retry_budget = &lane_retries_;
        for (const FeatureVariant& entry : reply.variants) {
            ShadowVariant made;
            made.variant = entry.variant;
            auto twin = std::make_shared<calls::Model>(*entry.variant.model);
            twin->provider = provider;
            twin->breaker = &lane_breaker_;
            twin->series = nullptr;
            made.variant.model = twin;
            made.hash = "hash of " + entry.variant.name;
            made.series = &metrics_.shadow("reply", entry.variant.name);
            made.users = &concurrency_;
            lane_->variants.push_back(made);
        }
        lane_->candidate = kNext;
        lane_->sample = 10'000;
        lane_->noise_sample = 0;
        lane_->running = &running_;
        lane_->account = &ledger_->account("reply", ledger::AccountKind::shadow, {});
        reply.shadow = lane_;
    }
};

TEST_F(ShadowTest, RecordsTheCandidateBesideTheLiveAnswer) {
    serve_texts("At noon.", "At six.");
    EXPECT_EQ(ask().status, 200);
    EXPECT_THAT(writer_.sent, HasSubstr("At noon."));
    const auto all = records();
    ASSERT_EQ(all.size(), 2U);
    const events::CallRecord& live = all[0];
    const events::CallRecord& run = all[1];
    EXPECT_FALSE(live.shadow);
    ASSERT_TRUE(run.shadow);
    EXPECT_NE(run.id, live.id);
    EXPECT_EQ(run.variant, "next");
    EXPECT_EQ(run.model, "small");
    EXPECT_EQ(run.outcome, events::Outcome::ok);
    ASSERT_EQ(run.attempts.size(), 1U);
    EXPECT_EQ(run.attempts[0].account, "shadow");
    EXPECT_EQ(run.shadow->role, events::ShadowRole::candidate);
    EXPECT_EQ(run.shadow->variant_hash, "hash of next");
    EXPECT_EQ(run.shadow->live.call, live.id.to_string());
    EXPECT_EQ(run.shadow->live.variant, "stable");
    EXPECT_EQ(run.shadow->live.usage, live.usage);
    EXPECT_TRUE(run.shadow->counts);
    EXPECT_EQ(run.shadow->disagrees, true);
    EXPECT_EQ(run.shadow->comparisons.at(0).similarity, 0.5) << "the lane's minimum";
    EXPECT_THAT(run.answer.bytes(), HasSubstr("At six."));
    EXPECT_THAT(run.live_answer.bytes(), HasSubstr("At noon."));
    EXPECT_TRUE(run.request.empty()) << "it is in the live call's record";
    EXPECT_EQ(counted(ShadowOutcome::ok), 1U);
    EXPECT_EQ(metrics_.shadow("reply", "next").disagreed.value(), 1U);
    EXPECT_EQ(running_.in_flight(), 0);
}

TEST_F(ShadowTest, AsksTheCandidateWhatTheUserAsked) {
    std::string asked;
    serve_both([](const std::string&) { return answer("a"); },
               [&](const std::string& request) {
                   asked = request;
                   return answer("b");
               });
    feature().variants[kNext].variant.max_output_tokens = 7;
    lane().variants[kNext].variant.max_output_tokens = 7;
    ask();
    wait_for_runs();
    EXPECT_THAT(asked, HasSubstr("Hello. Are you there?"));
    EXPECT_THAT(asked, HasSubstr(R"("max_tokens":7)"));
}

TEST_F(ShadowTest, LetsNobodyWait) {
    Event let_go;
    serve_both([](const std::string&) { return answer("live"); },
               [&](const std::string&) {
                   let_go.wait();
                   return answer("late");
               });
    EXPECT_EQ(ask().status, 200);
    EXPECT_THAT(writer_.sent, HasSubstr("live"));
    EXPECT_TRUE(writer_.finished);
    let_go.set();
    EXPECT_EQ(runs().size(), 1U);
}

TEST_F(ShadowTest, TouchesNothingThatIsTheUsers) {
    serve_both([](const std::string&) { return answer("live"); },
               [](const std::string&) { return http(500, "{}"); });
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(ask().status, 200);
        wait_for_runs();
    }
    EXPECT_EQ(lane_breaker_.state(clock_.steady()), upstream::CircuitState::open);
    EXPECT_EQ(breaker_.state(clock_.steady()), upstream::CircuitState::closed);
    EXPECT_EQ(metrics_.upstream("scripted", "small").attempts("error").value(), 0U);
    EXPECT_EQ(metrics_.upstream("scripted", "small").duration.sum(), 0);
    for (const metrics::Counter& counter :
         metrics_.request_series("reply", "next", "small", "scripted").outcomes)
        EXPECT_EQ(counter.value(), 0U);
    EXPECT_EQ(metrics_.requests_inflight().value(), 0);
    EXPECT_EQ(counted(ShadowOutcome::failed), 5U);
    EXPECT_EQ(counted(ShadowOutcome::unavailable), 1U) << "the lane's circuit is open";
}

TEST_F(ShadowTest, TakesAFailureForADisagreement) {
    serve_both([](const std::string&) { return answer("live"); },
               [](const std::string&) { return http(500, R"({"error":{"message":"broken"}})"); });
    ask();
    const auto all = runs();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].outcome, events::Outcome::upstream_error);
    EXPECT_TRUE(all[0].shadow->counts);
    EXPECT_EQ(all[0].shadow->disagrees, true);
    EXPECT_EQ(compared_, 0);
}

TEST_F(ShadowTest, ComparesStreamsAsUsersGetThem) {
    serve_both([](const std::string&) { return stream("the same"); },
               [](const std::string&) { return stream("the same"); });
    Ask what;
    what.body = R"({"model":"reply","stream":true,"messages":[{"role":"user","content":"Hi"}]})";
    EXPECT_EQ(ask(what).status, 200);
    const std::string sent = writer_.sent;
    const auto all = runs();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_TRUE(all[0].stream);
    EXPECT_TRUE(all[0].answer.stream);
    EXPECT_EQ(all[0].live_answer.bytes(), sent);
    EXPECT_EQ(all[0].answer.bytes(), sent);
    EXPECT_EQ(all[0].shadow->disagrees, false);
}

TEST_F(ShadowTest, RepeatsTheLiveVariantForTheNoise) {
    serve_texts("live", "candidate");
    lane().sample = 0;
    lane().noise_sample = 10'000;
    ask();
    const auto all = runs();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].variant, "stable");
    EXPECT_EQ(all[0].shadow->role, events::ShadowRole::noise);
    EXPECT_EQ(all[0].shadow->disagrees, false);
    EXPECT_EQ(all[0].attempts.at(0).account, "shadow");
    EXPECT_EQ(live_calls_, 2);
    EXPECT_EQ(candidate_calls_, 0);
    EXPECT_EQ(counted(ShadowOutcome::ok, "stable"), 1U);
}

TEST_F(ShadowTest, TakesBothSamplesOfTheSameCalls) {
    serve_texts("live", "candidate");
    lane().noise_sample = 10'000;
    ask();
    const auto all = runs();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].shadow->live.call, all[1].shadow->live.call);
}

TEST_F(ShadowTest, RunsNothingOutsideTheSample) {
    serve_texts("live", "candidate");
    lane().sample = 0;
    ask();
    EXPECT_EQ(runs().size(), 0U);
    EXPECT_EQ(candidate_calls_, 0);
}

TEST_F(ShadowTest, RunsNothingForThoseWhoGetTheCandidateAlready) {
    serve_texts("live", "candidate");
    feature().flag.serve = flags::Serve({{"next", kNext, flags::kTotalWeight, 0}});
    lane().noise_sample = 10'000;
    ask();
    EXPECT_EQ(runs().size(), 0U);
    EXPECT_EQ(candidate_calls_, 1);
}

TEST_F(ShadowTest, RunsNothingForAnAnswerThatFailed) {
    serve_both([](const std::string&) { return http(400, R"({"error":{"message":"wrong"}})"); },
               [](const std::string&) { return answer("candidate"); });
    EXPECT_EQ(ask().status, 400);
    EXPECT_EQ(runs().size(), 0U);
    EXPECT_EQ(candidate_calls_, 0);
}

TEST_F(ShadowTest, RunsNothingForAFallback) {
    serve_both([](const std::string&) { return http(500, "{}"); },
               [](const std::string&) { return answer("candidate"); });
    add_answer("sorry", TextAnswer{"Sorry."});
    EXPECT_EQ(ask().status, 200);
    EXPECT_EQ(runs().size(), 0U);
}

TEST_F(ShadowTest, RunsNothingForAClientThatLeft) {
    serve_texts("live", "candidate");
    writer_.gone = true;
    ask();
    EXPECT_EQ(runs().size(), 0U);
    EXPECT_EQ(running_.in_flight(), 0) << "its place is free again";
}

TEST_F(ShadowTest, DropsWhatIsMoreThanItsLimit) {
    Event let_go;
    serve_both([](const std::string&) { return answer("live"); },
               [&](const std::string&) {
                   let_go.wait();
                   return answer("late");
               });
    lane().concurrent = 1;
    ask();
    ask();
    EXPECT_EQ(counted(ShadowOutcome::busy), 1U);
    let_go.set();
    EXPECT_EQ(runs().size(), 1U);
    EXPECT_EQ(counted(ShadowOutcome::ok), 1U);
}

TEST_F(ShadowTest, DropsWhileTheProcessIsBusyWithUsers) {
    serve_texts("live", "candidate");
    metrics_.requests_inflight().add(100);
    lane().busy_calls = 100;
    ask();
    metrics_.requests_inflight().add(-100);
    EXPECT_EQ(counted(ShadowOutcome::busy), 1U);
    EXPECT_EQ(runs().size(), 0U);
}

TEST_F(ShadowTest, DropsWhenItsVariantIsGone) {
    Event asked;
    Event replaced;
    serve_both(
        [&](const std::string&) {
            asked.set();
            replaced.wait();
            return answer("live");
        },
        [](const std::string&) { return answer("candidate"); });
    auto next = std::make_shared<FeatureTable>(*table_);
    next->features.at("reply").shadow = nullptr;
    std::thread reload([&] {
        asked.wait();
        on_thread([&] { state_->table = next; });
        replaced.set();
    });
    ask();
    reload.join();
    EXPECT_EQ(counted(ShadowOutcome::gone), 1U);
    EXPECT_EQ(runs().size(), 0U);
}

TEST_F(ShadowTest, DropsWithoutACallOnceItsMoneyIsUsedUp) {
    serve_texts("live", "candidate");
    lane().account = &ledger_->account("poor", ledger::AccountKind::shadow, {.ceiling = NanoDollars{0}});
    ask();
    EXPECT_EQ(counted(ShadowOutcome::budget), 1U);
    EXPECT_EQ(runs().size(), 0U);
    EXPECT_EQ(candidate_calls_, 0);
}

TEST_F(ShadowTest, DropsARequestThatRefersToAProvidersState) {
    serve_texts("live", "candidate");
    Ask what;
    what.body =
        R"({"model":"reply","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"f-1"}}]}]})";
    EXPECT_EQ(ask(what).status, 200);
    EXPECT_EQ(counted(ShadowOutcome::state), 1U);
    EXPECT_EQ(candidate_calls_, 0);
}

TEST_F(ShadowTest, DropsWhileDraining) {
    serve_texts("live", "candidate");
    on_thread([&] { state_->shadow.drain(); });
    EXPECT_EQ(ask().status, 200);
    EXPECT_EQ(counted(ShadowOutcome::draining), 1U);
    EXPECT_EQ(runs().size(), 0U);
}

TEST_F(ShadowTest, RecordsWhatACancelledRunMayHaveCostAndTakesItForNoFigure) {
    Event asked;
    Event over;
    serve_both([](const std::string&) { return answer("live"); },
               [&](const std::string&) {
                   asked.set();
                   over.wait();
                   return answer("late");
               });
    ask();
    asked.wait();
    on_thread([&] { state_->shadow.cancel(); });
    const auto all = runs();
    over.set();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].outcome, events::Outcome::cancelled);
    EXPECT_FALSE(all[0].shadow->counts);
    EXPECT_FALSE(all[0].shadow->disagrees);
    EXPECT_EQ(all[0].attempts.at(0).usage_kind, events::UsageKind::bounded);
    EXPECT_EQ(counted(ShadowOutcome::cancelled), 1U);
}

TEST_F(ShadowTest, EndsARunThatTakesTooLong) {
    Event asked;
    Event over;
    serve_both([](const std::string&) { return answer("live"); },
               [&](const std::string&) {
                   asked.set();
                   over.wait();
                   return answer("late");
               });
    lane().timeout = 5s;
    ask();
    asked.wait();
    clock_.advance(6s);
    const auto all = runs();
    over.set();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].outcome, events::Outcome::timeout);
    EXPECT_TRUE(all[0].shadow->counts);
    EXPECT_EQ(all[0].shadow->disagrees, true);
    EXPECT_GE(all[0].shadow->latency, 5s);
    EXPECT_EQ(counted(ShadowOutcome::timeout), 1U);
}

TEST_F(ShadowTest, ComparesButKeepsNoContentWhereRecordsKeepNone) {
    serve_texts("live", "candidate");
    table_->max_content = 0;
    ask();
    const auto all = runs();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].shadow->disagrees, true);
    EXPECT_TRUE(all[0].answer.empty());
    EXPECT_TRUE(all[0].live_answer.empty());
}

TEST_F(ShadowTest, KeepsNoMoreOfAnAnswerThanRecordsMay) {
    serve_texts("live", std::string(500, 'x'));
    table_->max_content = 100;
    ask();
    const auto all = runs();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].answer.kept(), 100U);
    EXPECT_TRUE(all[0].answer.truncated());
    EXPECT_EQ(all[0].shadow->disagrees, true) << "the whole was compared";
}

TEST_F(ShadowTest, DoesNotCompareAnAnswerThatWasCut) {
    serve_texts("live", std::string(kShadowContent, 'x'));
    ask();
    const auto all = runs();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_TRUE(all[0].shadow->counts);
    EXPECT_FALSE(all[0].shadow->disagrees);
    EXPECT_EQ(compared_, 0);
}

// Finds "six" in every text.
class FindsSix final : public guardrails::TextCheck {
  public:
    void find(std::string_view text, std::size_t from, std::size_t until,
              std::vector<guardrails::Match>& matches) const override {
        if (const auto at = text.find("six", from); at < until)
            matches.push_back({at, at + 3, "number"});
    }
    std::optional<std::size_t> longest_match() const override { return 3; }
};

TEST_F(ShadowTest, CountsTheTripsOfItsOwnGuardrailsAndRecordsNothingOfThem) {
    serve_texts("At noon.", "At six.");
    auto guardrail = std::make_shared<guardrails::Guardrail>();
    guardrail->name = "numbers";
    guardrail->kind = "forbidden";
    guardrail->output = guardrails::Action::redact;
    guardrail->text = std::make_unique<FindsSix>();
    lane().variants[kNext].variant.guardrails = {guardrail};
    ask();
    const auto all = runs();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].shadow->trips, 1);
    EXPECT_EQ(all[0].shadow->live.trips, 0);
    EXPECT_THAT(all[0].answer.bytes(), HasSubstr("At [number]."));
}

TEST_F(ShadowTest, TakesAnAnswerThatAGuardrailStopsForADisagreement) {
    serve_texts("At noon.", "At six.");
    auto guardrail = std::make_shared<guardrails::Guardrail>();
    guardrail->name = "numbers";
    guardrail->kind = "forbidden";
    guardrail->output = guardrails::Action::fallback;
    guardrail->text = std::make_unique<FindsSix>();
    lane().variants[kNext].variant.guardrails = {guardrail};
    ask();
    const auto all = runs();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].outcome, events::Outcome::blocked);
    EXPECT_EQ(all[0].shadow->disagrees, true);
    EXPECT_EQ(all[0].shadow->trips, 1);
    EXPECT_THAT(all[0].answer.bytes(), testing::Not(HasSubstr("six")));
}

TEST_F(ShadowTest, RecordsARunThatCannotBeCompared) {
    ShadowRecorder throwing(*log_, [](const auto&, const auto&, double, events::Shadow&) {
        throw std::runtime_error("no comparison");
    });
    services_->shadow = &throwing;
    serve_texts("live", "candidate");
    ask();
    wait_for_runs();
    throwing.close();
    const auto all = runs();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_FALSE(all[0].shadow->disagrees);
    EXPECT_EQ(all[0].attempts.size(), 1U) << "what it has cost is kept";
}

class BaselineTest : public ShadowTest {
  protected:
    static Ask baseline(std::string_view text = "At noon.") {
        Ask what;
        what.path = "/v1/shadow";
        what.body = fmt::format(R"({{"model":"reply","messages":[{{"role":"user","content":"When?"}}],)"
                                R"("tidegate":{{"baseline":"{}"}}}})",
                                text);
        return what;
    }
};

TEST_F(BaselineTest, RunsTheCandidateBesideAnExistingSystem) {
    serve_texts("live", "At six.");
    EXPECT_EQ(ask(baseline()).status, 202);
    EXPECT_THAT(writer_.sent, HasSubstr(R"("accepted":true)"));
    const auto all = records();
    ASSERT_EQ(all.size(), 1U) << "no call of a user";
    EXPECT_THAT(writer_.sent, HasSubstr(all[0].id.to_string()));
    EXPECT_EQ(all[0].shadow->role, events::ShadowRole::baseline);
    EXPECT_EQ(all[0].shadow->disagrees, true);
    EXPECT_EQ(all[0].shadow->live.variant, "");
    EXPECT_EQ(all[0].live_answer.bytes(), "At noon.");
    EXPECT_THAT(all[0].request.bytes(), HasSubstr("When?"));
    EXPECT_EQ(live_calls_, 0);
    EXPECT_EQ(candidate_calls_, 1);
}

TEST_F(BaselineTest, SendsNothingOfTheBaselineToTheProvider) {
    std::string asked;
    serve_both([](const std::string&) { return answer("a"); },
               [&](const std::string& request) {
                   asked = request;
                   return answer("b");
               });
    ask(baseline("a secret of ours"));
    wait_for_runs();
    EXPECT_THAT(asked, HasSubstr("When?"));
    EXPECT_THAT(asked, testing::Not(HasSubstr("secret")));
}

TEST_F(BaselineTest, SaysThatARunWasDropped) {
    serve_texts("live", "candidate");
    on_thread([&] { state_->shadow.drain(); });
    EXPECT_EQ(ask(baseline()).status, 202);
    EXPECT_THAT(writer_.sent, HasSubstr(R"("accepted":false,"reason":"dropped_draining")"));
    EXPECT_EQ(records().size(), 0U);
}

TEST_F(BaselineTest, RefusesWhatIsNone) {
    serve_texts("live", "candidate");
    Ask what = baseline();
    what.body = R"({"model":"reply","messages":[{"role":"user","content":"When?"}]})";
    EXPECT_EQ(ask(what).status, 400);
    EXPECT_THAT(writer_.sent, HasSubstr("tidegate.baseline"));
    EXPECT_EQ(candidate_calls_, 0);
}

TEST_F(BaselineTest, RefusesAFeatureWithoutALane) {
    serve_texts("live", "candidate");
    feature().shadow = nullptr;
    EXPECT_EQ(ask(baseline()).status, 400);
    EXPECT_THAT(writer_.sent, HasSubstr("no shadow lane"));
}

TEST_F(BaselineTest, TakesOnlyPost) {
    serve_texts("live", "candidate");
    Ask what = baseline();
    what.method = http::Method::get;
    EXPECT_EQ(ask(what).status, 405);
}

TEST_F(BaselineTest, TakesAnthropicsDialectByItsHeader) {
    serve_texts("live", "candidate");
    Ask what = baseline();
    what.fields = {{"anthropic-version", "2023-06-01"}};
    what.body =
        R"({"model":"reply","max_tokens":5,"system":"Be brief.","messages":[{"role":"user","content":"When?"}],)"
        R"("tidegate":{"baseline":"x"}})";
    EXPECT_EQ(ask(what).status, 202);
    const auto all = records();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].dialect, "anthropic");
}

}  // namespace
}  // namespace tidegate::pipeline::test
