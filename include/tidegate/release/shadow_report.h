// Whether a shadow candidate may go further: its figures against thresholds, decided by intervals, not by
// points.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/events/shadow_figures.h>
#include <tidegate/release/shadow_thresholds.h>
#include <tidegate/statistics/interval.h>
#include <tidegate/statistics/quantile.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::release {

enum class Verdict { pass, fail, not_enough_data };
std::string_view to_string(Verdict verdict);

// A figure with its interval; both ends hold with 95 % each (statistics::kConfidence).
struct Estimate {
    double value = 0;
    std::optional<statistics::Interval> interval;  // nothing: too few values
};

// One threshold. It passes when the whole interval lies at or below it, fails when all of it lies above.
struct ShadowCheck {
    enum class Unit { share, seconds, dollars };

    std::string_view name;  // as in the configuration
    Unit unit = Unit::share;
    std::optional<Estimate> found;  // nothing: no data at all
    double threshold = 0;
    Verdict verdict = Verdict::not_enough_data;
    // Not enough data: how many pairs more it takes if the figure stays as it is. Nothing if that cannot be
    // said.
    std::optional<std::uint64_t> more_pairs;
};

// Of one side of the pairs.
struct SideReport {
    std::uint64_t calls = 0;
    std::optional<Estimate> trip_rate;
    std::optional<Estimate> cost;  // US dollars a call
    std::optional<Estimate> p50;   // seconds
    std::optional<Estimate> p95;
};

struct ShadowReport {
    Verdict verdict = Verdict::not_enough_data;
    std::vector<std::string> reasons;  // sentences: what failed, or what is missing
    std::uint64_t missing_pairs = 0;   // of `minimum_pairs`
    Duration missing_time{};           // of `minimum_time`, since the first pair
    std::vector<ShadowCheck> checks;

    std::uint64_t runs = 0;
    std::uint64_t failed = 0;
    events::ShadowPairs pairs;
    std::map<std::string, events::ShadowPairs> by_live;
    std::optional<Estimate> disagreement;
    events::ShadowPairs noise;
    std::optional<Estimate> noise_floor;
    std::optional<Estimate> excess;  // disagreement above the noise floor
    SideReport candidate;
    SideReport live;
    std::optional<WallTime> first;
    std::optional<WallTime> last;
};

// `now` decides how much of the minimum time has passed. Sorts nothing of the caller's: takes the figures over.
ShadowReport judge(events::ShadowFigures figures, const ShadowThresholds& thresholds, WallTime now);

// A JSON object; docs/admin_api.md describes it.
std::string to_json(const ShadowReport& report, std::string_view feature, std::string_view variant);

}  // namespace tidegate::release
