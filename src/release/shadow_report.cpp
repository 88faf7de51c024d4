#include <tidegate/release/shadow_report.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::release {
namespace {

using statistics::Interval;
using Unit = ShadowCheck::Unit;

constexpr double kMicroseconds = 1e6;
constexpr double kNanoDollars = 1e9;

std::optional<Estimate> share(std::uint64_t hits, std::uint64_t trials) {
    if (trials == 0)
        return std::nullopt;
    return Estimate{static_cast<double>(hits) / static_cast<double>(trials), statistics::wilson(hits, trials)};
}

std::optional<Estimate> excess_of(const events::ShadowPairs& pairs, const events::ShadowPairs& noise) {
    if (pairs.compared == 0 || noise.compared == 0)
        return std::nullopt;
    const double all = static_cast<double>(pairs.disagreed) / static_cast<double>(pairs.compared);
    const double floor = static_cast<double>(noise.disagreed) / static_cast<double>(noise.compared);
    return Estimate{all - floor,
                    statistics::difference(all, statistics::wilson(pairs.disagreed, pairs.compared), floor,
                                           statistics::wilson(noise.disagreed, noise.compared))};
}

std::optional<Estimate> mean_cost(const statistics::Moments& cost) {
    if (cost.count == 0)
        return std::nullopt;
    Estimate estimate{cost.mean() / kNanoDollars, std::nullopt};
    if (const auto interval = statistics::mean_interval(cost))
        estimate.interval =
            Interval{std::max(0.0, interval->low / kNanoDollars), interval->high / kNanoDollars};
    return estimate;
}

std::optional<Estimate> seconds_at(std::vector<std::int64_t>& latency, double q) {
    const auto found = statistics::quantile(latency, q);
    if (!found)
        return std::nullopt;
    const auto seconds = [](std::int64_t value) { return static_cast<double>(value) / kMicroseconds; };
    Estimate estimate{seconds(found->value), std::nullopt};
    if (found->low && found->high)
        estimate.interval = Interval{seconds(*found->low), seconds(*found->high)};
    return estimate;
}

SideReport report_of(events::ShadowSide& side) {
    SideReport report;
    report.calls = side.calls;
    report.trip_rate = share(side.tripped, side.calls);
    report.cost = mean_cost(side.cost);
    report.p50 = seconds_at(side.latency, 0.5);
    report.p95 = seconds_at(side.latency, 0.95);
    return report;
}

// By the interval's ends: above the threshold, at or below it, or on both sides of it.
ShadowCheck check(std::string_view name, Unit unit, const std::optional<Estimate>& found, double threshold) {
    ShadowCheck result{name, unit, found, threshold, Verdict::not_enough_data, std::nullopt};
    if (!found || !found->interval)
        return result;
    if (found->interval->high <= threshold)
        result.verdict = Verdict::pass;
    if (found->interval->low > threshold)
        result.verdict = Verdict::fail;
    return result;
}

std::optional<std::uint64_t> more_trials(const ShadowCheck& check, std::uint64_t trials) {
    if (!check.found)
        return std::nullopt;
    const auto needed = statistics::trials_to_decide(check.found->value, check.threshold);
    if (!needed)
        return std::nullopt;
    return *needed > trials ? *needed - trials : 1;
}

void add_checks(ShadowReport& report, const ShadowThresholds& thresholds, std::uint64_t latencies) {
    const auto add = [&](ShadowCheck one, std::optional<std::uint64_t> more) {
        if (one.verdict == Verdict::not_enough_data)
            one.more_pairs = more;
        report.checks.push_back(one);
    };
    const ShadowCheck disagreement =
        check("disagreement", Unit::share, report.disagreement, thresholds.disagreement);
    add(disagreement, more_trials(disagreement, report.pairs.compared));

    const double p95 = std::chrono::duration<double>(thresholds.p95).count();
    const std::uint64_t values = statistics::values_for_upper_bound(0.95);
    add(check("p95", Unit::seconds, report.candidate.p95, p95),
        latencies < values ? std::optional(values - latencies) : std::nullopt);

    if (thresholds.guardrail_trips) {
        const ShadowCheck trips =
            check("guardrail_trips", Unit::share, report.candidate.trip_rate, *thresholds.guardrail_trips);
        add(trips, more_trials(trips, report.candidate.calls));
    }
    if (thresholds.cost_per_call) {
        add(check("cost_per_call_usd", Unit::dollars, report.candidate.cost,
                  thresholds.cost_per_call->to_dollars()),
            std::nullopt);
    }
}

std::string text_of(double value, Unit unit) {
    switch (unit) {
        case Unit::share:
            return fmt::format("{:.1f} %", value * 100);
        case Unit::seconds:
            return fmt::format("{:.3f} s", value);
        case Unit::dollars:
            return fmt::format("{:.6f} USD", value);
    }
    return {};
}

std::string reason_of(const ShadowCheck& check) {
    if (!check.found)
        return fmt::format("{}: there is no data", check.name);
    const Estimate& found = *check.found;
    const std::string threshold = text_of(check.threshold, check.unit);
    if (check.verdict == Verdict::fail && found.interval) {
        return fmt::format("{} is above {}: at least {}", check.name, threshold,
                           text_of(found.interval->low, check.unit));
    }
    std::string reason = fmt::format("{} is {}, and may still lie on either side of {}", check.name,
                                     text_of(found.value, check.unit), threshold);
    if (check.more_pairs)
        reason += fmt::format(": about {} more pairs would tell", *check.more_pairs);
    return reason;
}

std::string duration_text(Duration time) {
    const double hours = std::chrono::duration<double, std::ratio<3600>>(time).count();
    return hours < 48 ? fmt::format("{:.1f} h", hours) : fmt::format("{:.1f} days", hours / 24);
}

void note_minimum(ShadowReport& report, const ShadowThresholds& thresholds, WallTime now) {
    report.missing_pairs = thresholds.minimum_pairs - std::min(thresholds.minimum_pairs, report.pairs.compared);
    const Duration passed = report.first ? std::max(Duration{}, Duration{now - *report.first}) : Duration{};
    report.missing_time = thresholds.minimum_time - std::min(thresholds.minimum_time, passed);
    if (report.missing_pairs > 0) {
        report.reasons.push_back(fmt::format("{} of {} pairs: {} missing", report.pairs.compared,
                                             thresholds.minimum_pairs, report.missing_pairs));
    }
    if (report.missing_time > Duration{}) {
        report.reasons.push_back(fmt::format("{} of {} have passed since the first pair", duration_text(passed),
                                             duration_text(thresholds.minimum_time)));
    }
}

// A failure stands once there are enough pairs; a pass takes the time as well.
void decide(ShadowReport& report) {
    const auto any = [&](Verdict verdict) {
        return std::ranges::any_of(report.checks,
                                   [&](const ShadowCheck& check) { return check.verdict == verdict; });
    };
    if (report.missing_pairs == 0 && any(Verdict::fail)) {
        report.verdict = Verdict::fail;
        report.reasons.clear();
    } else if (report.missing_pairs == 0 && report.missing_time == Duration{} &&
               !any(Verdict::not_enough_data)) {
        report.verdict = Verdict::pass;
    }
    for (const ShadowCheck& check : report.checks) {
        const bool matters =
            report.verdict == Verdict::fail ? check.verdict == Verdict::fail : check.verdict != Verdict::pass;
        if (matters)
            report.reasons.push_back(reason_of(check));
    }
}

// A threshold below what the live variant differs from itself cannot be passed by anything.
void note_noise(ShadowReport& report, const ShadowThresholds& thresholds) {
    if (report.noise_floor && report.noise_floor->interval &&
        report.noise_floor->interval->low > thresholds.disagreement) {
        report.reasons.push_back(fmt::format(
            "the live variant differs from itself in at least {}: a threshold of {} is below the noise",
            text_of(report.noise_floor->interval->low, Unit::share),
            text_of(thresholds.disagreement, Unit::share)));
    }
}

}  // namespace

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::pass:
            return "pass";
        case Verdict::fail:
            return "fail";
        case Verdict::not_enough_data:
            return "not_enough_data";
    }
    return "not_enough_data";
}

ShadowReport judge(events::ShadowFigures figures, const ShadowThresholds& thresholds, WallTime now) {
    ShadowReport report;
    report.runs = figures.runs;
    report.failed = figures.failed;
    report.pairs = figures.pairs;
    report.by_live = std::move(figures.by_live);
    report.noise = figures.noise;
    report.first = figures.first;
    report.last = figures.last;
    report.disagreement = share(report.pairs.disagreed, report.pairs.compared);
    report.noise_floor = share(report.noise.disagreed, report.noise.compared);
    report.excess = excess_of(report.pairs, report.noise);
    const std::uint64_t latencies = figures.candidate.latency.size();
    report.candidate = report_of(figures.candidate);
    report.live = report_of(figures.live);
    add_checks(report, thresholds, latencies);
    note_minimum(report, thresholds, now);
    decide(report);
    note_noise(report, thresholds);
    return report;
}

}  // namespace tidegate::release
