#include <tidegate/base/text.h>
#include <tidegate/release/shadow_report.h>

#include <iterator>

#include <fmt/format.h>

namespace tidegate::release {
namespace {

// Numbers as JSON: at most nine significant digits, enough for any figure here.
std::string number(double value) {
    return fmt::format("{:.9g}", value);
}

std::string_view to_string(ShadowCheck::Unit unit) {
    switch (unit) {
        case ShadowCheck::Unit::share:
            return "share";
        case ShadowCheck::Unit::seconds:
            return "seconds";
        case ShadowCheck::Unit::dollars:
            return "usd";
    }
    return "share";
}

std::string json_of(const std::optional<Estimate>& estimate) {
    if (!estimate)
        return "null";
    if (!estimate->interval)
        return fmt::format(R"({{"value":{}}})", number(estimate->value));
    return fmt::format(R"({{"value":{},"low":{},"high":{}}})", number(estimate->value),
                       number(estimate->interval->low), number(estimate->interval->high));
}

std::string json_of(const events::ShadowPairs& pairs) {
    return fmt::format(R"({{"compared":{},"disagreed":{}}})", pairs.compared, pairs.disagreed);
}

std::string json_of(const ShadowCheck& check) {
    std::string json = fmt::format(R"({{"name":"{}","verdict":"{}","unit":"{}","threshold":{},"found":{})",
                                   check.name, to_string(check.verdict), to_string(check.unit),
                                   number(check.threshold), json_of(check.found));
    if (check.more_pairs)
        fmt::format_to(std::back_inserter(json), R"(,"more_pairs":{})", *check.more_pairs);
    return json + "}";
}

std::string json_of(const SideReport& side) {
    return fmt::format(
        R"({{"calls":{},"trip_rate":{},"cost_per_call_usd":{},"p50_seconds":{},"p95_seconds":{}}})", side.calls,
        json_of(side.trip_rate), json_of(side.cost), json_of(side.p50), json_of(side.p95));
}

std::string json_of(const std::map<std::string, events::ShadowPairs>& by_live) {
    std::string json = "[";
    for (const auto& [live, pairs] : by_live) {
        if (json.size() > 1)
            json += ',';
        fmt::format_to(std::back_inserter(json), R"({{"live":{},"compared":{},"disagreed":{}}})",
                       live.empty() ? "null" : json_string(live), pairs.compared, pairs.disagreed);
    }
    return json + "]";
}

std::string json_of(const std::vector<std::string>& texts) {
    std::string json = "[";
    for (const std::string& text : texts) {
        if (json.size() > 1)
            json += ',';
        append_json_string(json, text);
    }
    return json + "]";
}

std::string json_of(const std::optional<WallTime>& time) {
    return time ? json_string(format_utc(*time)) : "null";
}

}  // namespace

std::string to_json(const ShadowReport& report, std::string_view feature, std::string_view variant) {
    std::string json = fmt::format(
        R"({{"feature":{},"variant":{},"verdict":"{}","reasons":{},"missing":{{"pairs":{},"seconds":{}}},"checks":[)",
        json_string(feature), json_string(variant), to_string(report.verdict), json_of(report.reasons),
        report.missing_pairs, std::chrono::ceil<std::chrono::seconds>(report.missing_time).count());
    for (const ShadowCheck& check : report.checks) {
        if (!json.ends_with('['))
            json += ',';
        json += json_of(check);
    }
    fmt::format_to(
        std::back_inserter(json),
        R"(],"runs":{},"failed":{},"pairs":{},"by_live":{},"disagreement":{},"noise":{},"noise_floor":{},"excess":{},)"
        R"("candidate":{},"live":{},"first":{},"last":{}}})",
        report.runs, report.failed, json_of(report.pairs), json_of(report.by_live),
        json_of(report.disagreement), json_of(report.noise), json_of(report.noise_floor),
        json_of(report.excess), json_of(report.candidate), json_of(report.live), json_of(report.first),
        json_of(report.last));
    return json;
}

}  // namespace tidegate::release
