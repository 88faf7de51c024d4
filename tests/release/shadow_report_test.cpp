#include <tidegate/release/shadow_report.h>

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

namespace tidegate::release {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;

constexpr WallTime kFirst{std::chrono::seconds{1'795'000'000}};
constexpr WallTime kNow = kFirst + 15 * 24h;

// `disagreed` of `compared` pairs whose runs took a second and cost a cent.
events::ShadowFigures figures(std::uint64_t disagreed, std::uint64_t compared) {
    events::ShadowFigures figures;
    figures.runs = compared;
    figures.pairs = {compared, disagreed};
    figures.by_live["stable"] = figures.pairs;
    figures.candidate.calls = compared;
    figures.live.calls = compared;
    for (std::uint64_t i = 0; i < compared; ++i) {
        figures.candidate.cost.add(10'000'000 + (i % 2 == 0 ? 1'000'000 : -1'000'000));
        figures.candidate.latency.push_back(1'000'000);
    }
    figures.first = kFirst;
    figures.last = kNow;
    return figures;
}

const ShadowCheck& check_of(const ShadowReport& report, std::string_view name) {
    const auto found = std::ranges::find(report.checks, name, &ShadowCheck::name);
    EXPECT_NE(found, report.checks.end()) << name;
    return *found;
}

TEST(ShadowReport, PassesWhenEveryIntervalLiesBelowItsThreshold) {
    const ShadowReport report = judge(figures(20, 400), {}, kNow);
    EXPECT_EQ(report.verdict, Verdict::pass);
    EXPECT_TRUE(report.reasons.empty());
    EXPECT_EQ(check_of(report, "disagreement").verdict, Verdict::pass);
    EXPECT_EQ(check_of(report, "p95").verdict, Verdict::pass);
    EXPECT_EQ(report.checks.size(), 2U) << "what has no threshold is not checked";
    ASSERT_TRUE(report.disagreement);
    EXPECT_DOUBLE_EQ(report.disagreement->value, 0.05);
}

TEST(ShadowReport, FailsWhenAnIntervalLiesAboveItsThreshold) {
    const ShadowReport report = judge(figures(120, 400), {}, kNow);
    EXPECT_EQ(report.verdict, Verdict::fail);
    EXPECT_EQ(check_of(report, "p95").verdict, Verdict::pass);
    ASSERT_EQ(report.reasons.size(), 1U);
    EXPECT_THAT(report.reasons[0], HasSubstr("disagreement is above 15.0 %: at least 26.4 %"));
}

TEST(ShadowReport, IsUndecidedWhenAnIntervalHoldsItsThreshold) {
    const ShadowReport report = judge(figures(48, 400), {}, kNow);
    EXPECT_EQ(report.verdict, Verdict::pass) << "12 % of 400 is enough: 384 are";
    const ShadowReport fewer = judge(figures(45, 375), {}, kNow);
    EXPECT_EQ(fewer.verdict, Verdict::not_enough_data);
    EXPECT_EQ(check_of(fewer, "disagreement").more_pairs, 384U - 375U);
    EXPECT_THAT(fewer.reasons, Contains(HasSubstr("about 9 more pairs would tell")));
    EXPECT_EQ(fewer.missing_pairs, 0U);
}

TEST(ShadowReport, WaitsForTheMinimumOfPairs) {
    const ShadowReport report = judge(figures(0, 199), {}, kNow);
    EXPECT_EQ(report.verdict, Verdict::not_enough_data);
    EXPECT_EQ(report.missing_pairs, 1U);
    EXPECT_THAT(report.reasons, Contains(HasSubstr("199 of 200 pairs: 1 missing")));
    EXPECT_EQ(judge(figures(199, 199), {}, kNow).verdict, Verdict::not_enough_data)
        << "too few to fail by as well";
}

TEST(ShadowReport, WaitsForTheMinimumOfTimeToPassButNotToFail) {
    const WallTime early = kFirst + 13 * 24h;
    const ShadowReport good = judge(figures(0, 400), {}, early);
    EXPECT_EQ(good.verdict, Verdict::not_enough_data);
    EXPECT_EQ(good.missing_time, 24h);
    EXPECT_EQ(good.missing_pairs, 0U);
    EXPECT_THAT(good.reasons, Contains(HasSubstr("13.0 days of 14.0 days have passed since the first pair")));
    EXPECT_EQ(judge(figures(200, 400), {}, early).verdict, Verdict::fail);
    EXPECT_EQ(judge(figures(0, 400), {}, kFirst + 14 * 24h).verdict, Verdict::pass);
}

TEST(ShadowReport, SaysThatEverythingIsMissingWithoutRuns) {
    const ShadowReport report = judge({}, {}, kNow);
    EXPECT_EQ(report.verdict, Verdict::not_enough_data);
    EXPECT_EQ(report.missing_pairs, 200U);
    EXPECT_EQ(report.missing_time, 14 * 24h);
    EXPECT_FALSE(report.disagreement);
    EXPECT_THAT(report.reasons, Contains(HasSubstr("disagreement: there is no data")));
}

TEST(ShadowReport, NamesNoiseFloorAndExcess) {
    auto given = figures(60, 400);
    given.noise = {100, 10};
    const ShadowReport report = judge(std::move(given), {}, kNow);
    ASSERT_TRUE(report.noise_floor && report.excess);
    EXPECT_DOUBLE_EQ(report.noise_floor->value, 0.1);
    EXPECT_DOUBLE_EQ(report.excess->value, 0.05);
    EXPECT_LT(report.excess->interval->low, 0) << "10 of 100 is too vague to tell them apart";
    EXPECT_GT(report.excess->interval->high, 0.05);
}

TEST(ShadowReport, HasNoExcessWithoutNoise) {
    const ShadowReport report = judge(figures(20, 400), {}, kNow);
    EXPECT_FALSE(report.noise_floor);
    EXPECT_FALSE(report.excess);
}

TEST(ShadowReport, WarnsOfAThresholdBelowTheNoise) {
    auto given = figures(120, 400);
    given.noise = {400, 120};
    const ShadowReport report = judge(std::move(given), {}, kNow);
    EXPECT_EQ(report.verdict, Verdict::fail);
    EXPECT_THAT(report.reasons, Contains(HasSubstr("a threshold of 15.0 % is below the noise")));
}

TEST(ShadowReport, JudgesTheP95ByOrderStatistics) {
    auto given = figures(0, 400);
    // The upper bound of the 95th percentile of 400 values is the 388th.
    for (std::size_t i = 0; i < 12; ++i) given.candidate.latency[i] = 5'000'000;
    EXPECT_EQ(judge(given, {}, kNow).verdict, Verdict::pass);
    given.candidate.latency.assign(400, 1'000'000);
    for (std::size_t i = 0; i < 13; ++i) given.candidate.latency[i] = 5'000'000;
    EXPECT_EQ(judge(given, {}, kNow).verdict, Verdict::not_enough_data);
    given.candidate.latency.assign(400, 5'000'000);
    const ShadowReport slow = judge(given, {}, kNow);
    EXPECT_EQ(slow.verdict, Verdict::fail);
    EXPECT_THAT(slow.reasons, Contains(HasSubstr("p95 is above 3.000 s: at least 5.000 s")));
}

TEST(ShadowReport, NeedsSoManyLatenciesForAP95) {
    auto given = figures(0, 400);
    given.candidate.latency.resize(50);
    const ShadowReport report = judge(std::move(given), {}, kNow);
    EXPECT_EQ(report.verdict, Verdict::not_enough_data);
    EXPECT_EQ(check_of(report, "p95").more_pairs, 9U);
}

TEST(ShadowReport, ChecksTripsAndCostWhereTheyHaveAThreshold) {
    ShadowThresholds thresholds;
    thresholds.guardrail_trips = 0.02;
    thresholds.cost_per_call = NanoDollars{9'000'000};
    auto given = figures(0, 400);
    given.candidate.tripped = 2;
    const ShadowReport report = judge(std::move(given), thresholds, kNow);
    EXPECT_EQ(report.verdict, Verdict::fail);
    EXPECT_EQ(check_of(report, "guardrail_trips").verdict, Verdict::pass);
    EXPECT_EQ(check_of(report, "cost_per_call_usd").verdict, Verdict::fail);
    ASSERT_TRUE(report.candidate.cost);
    EXPECT_DOUBLE_EQ(report.candidate.cost->value, 0.01);
}

TEST(ShadowReport, IsValidJsonWithAndWithoutData) {
    auto given = figures(60, 400);
    given.noise = {100, 10};
    given.by_live[""] = {1, 1};
    for (const std::string& json : {to_json(judge(std::move(given), {}, kNow), "support-reply", "next"),
                                    to_json(judge({}, {}, kNow), "support-reply", "next")}) {
        simdjson::dom::parser parser;
        simdjson::dom::element root;
        ASSERT_EQ(parser.parse(json).get(root), simdjson::SUCCESS) << json;
        EXPECT_EQ(std::string_view(root["feature"]), "support-reply");
    }
    const std::string empty = to_json(judge({}, {}, kNow), "f", "v");
    EXPECT_THAT(empty, HasSubstr(R"("verdict":"not_enough_data")"));
    EXPECT_THAT(empty, HasSubstr(R"("missing":{"pairs":200,"seconds":1209600})"));
    EXPECT_THAT(empty, HasSubstr(R"("disagreement":null)"));
}

}  // namespace
}  // namespace tidegate::release
