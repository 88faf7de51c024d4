#include <tidegate/release/shadow_thresholds.h>

namespace tidegate::release {
namespace {

constexpr double kHundredths = 10'000;  // a percentage is written in hundredths of a percent
constexpr std::int64_t kMostPairs = 1'000'000;

}  // namespace

ShadowThresholds parse_shadow_thresholds(const yaml::Cursor& shadow) {
    ShadowThresholds thresholds;
    const yaml::Cursor at = shadow["thresholds"];
    thresholds.disagreement =
        at["disagreement"].percent_or(static_cast<int>(thresholds.disagreement * kHundredths)) / kHundredths;
    thresholds.p95 = at["p95"].duration(thresholds.p95);
    if (const auto trips = at["guardrail_trips"].optional_percent())
        thresholds.guardrail_trips = *trips / kHundredths;
    thresholds.cost_per_call = at["cost_per_call_usd"].optional_money();
    at.finish();
    thresholds.minimum_pairs = static_cast<std::uint64_t>(
        shadow["minimum_pairs"].integer(1, kMostPairs, static_cast<std::int64_t>(thresholds.minimum_pairs)));
    thresholds.minimum_time = shadow["minimum_time"].duration(thresholds.minimum_time);
    return thresholds;
}

}  // namespace tidegate::release
