// The exposition: complete from the start, one sample a series, accepted by Prometheus' own checker.
#include <tidegate/metrics/metrics.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> all;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) all.push_back(line);
    return all;
}

// One series of each kind, as after a reload.
void fill(Metrics& metrics) {
    RequestSeries& series = metrics.request_series("support-reply", "stable", "gpt-large", "openai");
    series.outcomes[0].increment();
    series.tokens[0].increment(1200);
    series.cost.add(NanoDollars{2'400'000});
    series.duration.observe(std::chrono::milliseconds{42});
    series.first_token.observe(std::chrono::milliseconds{7});
    UpstreamSeries& upstream = metrics.upstream("openai", "gpt-large");
    upstream.attempts("ok").increment();
    upstream.inflight.add(1);
    metrics.upstream("openai", "gpt-small").inflight.add(2);
    upstream.duration.observe(std::chrono::seconds{2});
    metrics.cohort_unassigned("support-reply").increment();
    metrics.requests_inflight().add(3);
    metrics.gateway_overhead().observe(std::chrono::microseconds{80});
    metrics.rejected("rate_limited").increment();
    metrics.fallback("support-reply", "stable", "small", "timeout").increment();
    metrics.observe(Metrics::Kind::counter, "tidegate_events_published_total", "Records a sink took.",
                    {{"sink", "index"}}, [] { return 5.0; });
    metrics.observe(Metrics::Kind::gauge, "tidegate_events_queued", "Records waiting for the log.", {},
                    [] { return 2.0; });
    metrics.reloaded(true, WallTime{std::chrono::seconds{1'800'000'000}});
}

TEST(Metrics, ShowsWhatWasCounted) {
    Metrics metrics("1.2.3", "abc");
    fill(metrics);
    const auto shown = lines(metrics.expose());
    for (
        const char* line : {
            R"(tidegate_build_info{version="1.2.3",revision="abc"} 1)",
            R"(tidegate_requests_total{feature="support-reply",variant="stable",model="gpt-large",provider="openai",outcome="ok"} 1)",
            R"(tidegate_tokens_total{feature="support-reply",variant="stable",model="gpt-large",kind="input"} 1200)",
            R"(tidegate_request_duration_seconds_bucket{feature="support-reply",variant="stable",model="gpt-large",le="0.05"} 1)",
            R"(tidegate_request_duration_seconds_count{feature="support-reply",variant="stable",model="gpt-large"} 1)",
            R"(tidegate_upstream_attempts_total{provider="openai",model="gpt-large",outcome="ok"} 1)",
            R"(tidegate_upstream_inflight{provider="openai"} 3)",
            R"(tidegate_cohort_unassigned_total{feature="support-reply"} 1)",
            R"(tidegate_requests_inflight 3)",
            R"(tidegate_requests_rejected_total{reason="rate_limited"} 1)",
            R"(tidegate_fallback_total{feature="support-reply",variant="stable",entry="small",reason="timeout"} 1)",
            R"(tidegate_events_published_total{sink="index"} 5)",
            R"(tidegate_events_queued 2)",
            R"(tidegate_config_last_reload_successful 1)",
            R"(tidegate_config_last_reload_success_timestamp_seconds 1800000000)",
            R"(tidegate_config_reloads_total{outcome="ok"} 1)",
        }) {
        EXPECT_THAT(shown, testing::Contains(line));
    }
    EXPECT_THAT(metrics.expose(), HasSubstr("tidegate_cost_usd_total{feature=\"support-reply\",variant="
                                            "\"stable\",model=\"gpt-large\"} 0.0024"));
}

TEST(Metrics, IsCleanUnderPromtool) {
    if (std::system("command -v promtool >/dev/null 2>&1") != 0)
        GTEST_SKIP() << "promtool is not installed";
    Metrics metrics("1.2.3", "abc");
    fill(metrics);
    const auto file =
        std::filesystem::temp_directory_path() / ("tidegate-metrics-" + std::to_string(::getpid()));
    std::ofstream(file) << metrics.expose();
    const std::string command = "promtool check metrics < '" + file.string() + "' 2>&1";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    std::string said;
    for (int c = 0; (c = std::fgetc(pipe)) != EOF;) said += static_cast<char>(c);
    const int status = ::pclose(pipe);
    std::filesystem::remove(file);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(said, "");
}

TEST(Metrics, ShowsOutcomesAtZeroSoThatTheirFirstIncrementIsSeen) {
    Metrics metrics("", "");
    metrics.request_series("f", "v", "m", "p");
    metrics.upstream("p", "m");
    const std::string shown = metrics.expose();
    for (const auto outcome : kOutcomes) {
        EXPECT_THAT(shown, HasSubstr("provider=\"p\",outcome=\"" + std::string(outcome) + "\"} 0\n"));
    }
    for (const auto outcome : kAttemptOutcomes) {
        EXPECT_THAT(shown,
                    HasSubstr("{provider=\"p\",model=\"m\",outcome=\"" + std::string(outcome) + "\"} 0\n"));
    }
    EXPECT_THAT(shown, HasSubstr("tidegate_requests_rejected_total{reason=\"overloaded\"} 0\n"));
}

TEST(Metrics, ReturnsTheSameSeriesForTheSameNames) {
    Metrics metrics("", "");
    EXPECT_EQ(&metrics.request_series("f", "v", "m", "p"), &metrics.request_series("f", "v", "m", "p"));
    EXPECT_NE(&metrics.request_series("f", "v", "m", "p"), &metrics.request_series("f", "w", "m", "p"));
    EXPECT_EQ(&metrics.upstream("p", "m"), &metrics.upstream("p", "m"));
    EXPECT_EQ(&metrics.fallback("f", "v", "e", "error"), &metrics.fallback("f", "v", "e", "error"));
}

TEST(Metrics, ShowsEachSeriesOnceWhenAModelMovesToAnotherProvider) {
    Metrics metrics("", "");
    RequestSeries& before = metrics.request_series("f", "v", "m", "old");
    before.tokens[0].increment(10);
    before.duration.observe(std::chrono::milliseconds{20});
    RequestSeries& after = metrics.request_series("f", "v", "m", "new");
    after.tokens[0].increment(5);
    after.duration.observe(std::chrono::milliseconds{200});
    const auto shown = lines(metrics.expose());
    std::multiset<std::string> names;
    for (const auto& line : shown) {
        if (!line.starts_with('#'))
            names.insert(line.substr(0, line.rfind(' ')));
    }
    for (const auto& name : names) EXPECT_EQ(names.count(name), 1U) << name;
    EXPECT_THAT(shown, testing::Contains(
                           R"(tidegate_tokens_total{feature="f",variant="v",model="m",kind="input"} 15)"));
    EXPECT_THAT(
        shown,
        testing::Contains(
            R"(tidegate_request_duration_seconds_bucket{feature="f",variant="v",model="m",le="0.025"} 1)"));
    EXPECT_THAT(
        shown,
        testing::Contains(
            R"(tidegate_request_duration_seconds_bucket{feature="f",variant="v",model="m",le="+Inf"} 2)"));
    EXPECT_THAT(shown, testing::Contains(
                           R"(tidegate_request_duration_seconds_sum{feature="f",variant="v",model="m"} 0.22)"));
}

TEST(Metrics, MakesNoSeriesOfWhatClientsSend) {
    Metrics metrics("", "");
    metrics.rejected("invalid_request");
    metrics.upstream("p", "m");
    const auto series = lines(metrics.expose()).size();
    for (int i = 0; i < 1000; ++i) {
        metrics.rejected("made-up-" + std::to_string(i)).increment();
        metrics.upstream("p", "m").attempts("made-up-" + std::to_string(i)).increment();
    }
    const std::string shown = metrics.expose();
    EXPECT_EQ(lines(shown).size(), series);
    EXPECT_THAT(shown, HasSubstr("tidegate_requests_rejected_total{reason=\"other\"} 1000\n"));
    EXPECT_THAT(
        shown,
        HasSubstr("tidegate_upstream_attempts_total{provider=\"p\",model=\"m\",outcome=\"error\"} 1000\n"));
    EXPECT_THAT(shown, Not(HasSubstr("made-up")));
}

TEST(Metrics, EscapesLabelValues) {
    Metrics metrics("a\"b\\c\nd", "");
    EXPECT_THAT(metrics.expose(), HasSubstr(R"(version="a\"b\\c\nd")"));
}

TEST(Metrics, AsksOnlyTheLastFunctionOfAName) {
    Metrics metrics("", "");
    metrics.observe(Metrics::Kind::counter, "tidegate_x_total", "x", {{"sink", "a"}}, [] { return 1.0; });
    metrics.observe(Metrics::Kind::counter, "tidegate_x_total", "x", {{"sink", "a"}}, [] { return 2.0; });
    EXPECT_THAT(lines(metrics.expose()), testing::Contains(R"(tidegate_x_total{sink="a"} 2)"));
}

TEST(Metrics, HoldsNoLockWhileItAsksOthers) {
    Metrics metrics("", "");
    metrics.observe(Metrics::Kind::gauge, "tidegate_x", "x", {}, [&metrics] {
        metrics.cohort_unassigned("f");  // as a module may that resolves a series under its own lock
        return 1.0;
    });
    EXPECT_THAT(metrics.expose(), HasSubstr("tidegate_x 1\n"));
}

TEST(Metrics, TellsAFailedReload) {
    Metrics metrics("", "");
    metrics.reloaded(true, WallTime{std::chrono::seconds{100}});
    metrics.reloaded(false, WallTime{std::chrono::seconds{200}});
    const auto shown = lines(metrics.expose());
    EXPECT_THAT(shown, testing::Contains("tidegate_config_last_reload_successful 0"));
    EXPECT_THAT(shown, testing::Contains("tidegate_config_last_reload_success_timestamp_seconds 100"));
    EXPECT_THAT(shown, testing::Contains(R"(tidegate_config_reloads_total{outcome="failed"} 1)"));
}

TEST(Metrics, ShowsTheProcess) {
    const std::string shown = Metrics("", "").expose();
    for (const char* name :
         {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
          "process_open_fds", "process_max_fds", "process_start_time_seconds"}) {
        const auto at = shown.find("\n" + std::string(name) + " ");
        ASSERT_NE(at, std::string::npos) << name;
        EXPECT_GE(std::strtod(shown.c_str() + at + 2 + std::strlen(name), nullptr), 0) << name;
    }
}

TEST(Histogram, CountsABoundInItsOwnBucket) {
    Histogram histogram({0.001, 0.01});
    histogram.observe(std::chrono::milliseconds{1});
    histogram.observe(std::chrono::milliseconds{2});
    histogram.observe(std::chrono::milliseconds{10});
    histogram.observe(std::chrono::milliseconds{11});
    EXPECT_THAT(histogram.counts(), testing::ElementsAre(1, 2, 1));
    EXPECT_DOUBLE_EQ(histogram.sum(), 0.024);
}

TEST(Histogram, LosesNothingWhenThreadsShareIt) {
    Histogram histogram({0.001, 0.01});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&histogram] {
            for (int i = 0; i < 10'000; ++i) histogram.observe(std::chrono::milliseconds{5});
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_THAT(histogram.counts(), testing::ElementsAre(0, 40'000, 0));
    EXPECT_DOUBLE_EQ(histogram.sum(), 200);
}

TEST(Metrics, ShowsADisagreementOnceThereIsAPair) {
    Metrics metrics("1", "test");
    ShadowSeries& series = metrics.shadow("reply", "next");
    series.outcomes[0].increment();
    std::string text = metrics.expose();
    EXPECT_THAT(text,
                HasSubstr(R"(tidegate_shadow_calls_total{feature="reply",variant="next",outcome="ok"} 1)"));
    EXPECT_THAT(text, Not(HasSubstr("tidegate_shadow_disagreement_ratio{")));
    series.compared.increment(4);
    series.disagreed.increment();
    text = metrics.expose();
    EXPECT_THAT(text, HasSubstr(R"(tidegate_shadow_disagreement_ratio{feature="reply",variant="next"} 0.25)"));
}

}  // namespace
}  // namespace tidegate::metrics
