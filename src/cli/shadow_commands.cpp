// `shadow report`.
#include "cli/client_command.h"
#include "cli/table.h"

#include <ostream>

#include <fmt/format.h>

namespace tidegate::cli {
namespace {

double number_of(const Json& object, std::string_view member) {
    const Json& value = child_of(object, member);
    return value.is_number() ? value.get<double>() : 0;
}

std::string figure_text(double value, std::string_view unit) {
    if (unit == "seconds")
        return fmt::format("{:.3f} s", value);
    if (unit == "usd")
        return fmt::format("{:.6f} USD", value);
    return fmt::format("{:.1f} %", value * 100);
}

// "8.0 % (5.1 to 12.3 %)"; "" if there is none.
std::string estimate_text(const Json& estimate, std::string_view unit) {
    if (!estimate.is_object())
        return "";
    std::string text = figure_text(number_of(estimate, "value"), unit);
    if (!child_of(estimate, "low").is_null()) {
        text += fmt::format(" ({} to {})", figure_text(number_of(estimate, "low"), unit),
                            figure_text(number_of(estimate, "high"), unit));
    }
    return text;
}

std::string disagreed_text(const Json& pairs) {
    return fmt::format("{} of {}", text_of(pairs, "disagreed"), text_of(pairs, "compared"));
}

void print_verdict(std::ostream& out, const Json& report) {
    const Json& missing = child_of(report, "missing");
    Fields fields;
    fields.add("feature", text_of(report, "feature"));
    fields.add("candidate", text_of(report, "variant"));
    fields.add("verdict", text_of(report, "verdict"));
    fields.add("since", time_text(text_of(report, "first")));
    fields.add("runs", fmt::format("{} ({} failed)", text_of(report, "runs"), text_of(report, "failed")));
    if (integer_of(missing, "pairs") > 0)
        fields.add("missing pairs", text_of(missing, "pairs"));
    if (integer_of(missing, "seconds") > 0)
        fields.add("missing time",
                   fmt::format("{:.1f} days", static_cast<double>(integer_of(missing, "seconds")) / 86'400));
    fields.add("disagreement", estimate_text(child_of(report, "disagreement"), "share"));
    fields.add("noise floor", estimate_text(child_of(report, "noise_floor"), "share"));
    fields.add("excess", estimate_text(child_of(report, "excess"), "share"));
    fields.print(out);
    for (const Json& reason : child_of(report, "reasons")) out << "- " << text_of(reason) << '\n';
}

void print_checks(std::ostream& out, const Json& report) {
    Table table({{"CHECK"},
                 {"VERDICT"},
                 {"FOUND", Align::right},
                 {"THRESHOLD", Align::right},
                 {"MORE PAIRS", Align::right}});
    for (const Json& check : child_of(report, "checks")) {
        const std::string unit = text_of(check, "unit");
        table.add({text_of(check, "name"), text_of(check, "verdict"),
                   estimate_text(child_of(check, "found"), unit),
                   figure_text(number_of(check, "threshold"), unit), text_of(check, "more_pairs")});
    }
    out << '\n';
    table.print(out);
}

void print_sides(std::ostream& out, const Json& report) {
    Table table({{"SIDE"},
                 {"CALLS", Align::right},
                 {"TRIPS", Align::right},
                 {"COST A CALL", Align::right},
                 {"P50", Align::right},
                 {"P95", Align::right}});
    for (const char* name : {"candidate", "live"}) {
        const Json& side = child_of(report, name);
        table.add({name, text_of(side, "calls"), estimate_text(child_of(side, "trip_rate"), "share"),
                   estimate_text(child_of(side, "cost_per_call_usd"), "usd"),
                   estimate_text(child_of(side, "p50_seconds"), "seconds"),
                   estimate_text(child_of(side, "p95_seconds"), "seconds")});
    }
    out << '\n';
    table.print(out);
}

void print_pairs(std::ostream& out, const Json& report) {
    Table table({{"COMPARED WITH"}, {"DISAGREED", Align::right}});
    for (const Json& pairs : child_of(report, "by_live")) {
        const std::string live = text_of(pairs, "live");
        table.add({live.empty() ? "existing system" : live, disagreed_text(pairs)});
    }
    if (table.empty())
        return;
    const Json& noise = child_of(report, "noise");
    if (integer_of(noise, "compared") > 0)
        table.add({"the live variant with itself", disagreed_text(noise)});
    out << '\n';
    table.print(out);
}

}  // namespace

int shadow_report_command(const Client& client, const ShadowReportArguments& arguments) {
    Query query;
    const Result<> added = add_time(query, client, "since", arguments.since);
    if (!added)
        return client.fail(kWrongUsage, added.error().message);
    return client.get("/admin/v1/shadow/" + percent_encode(arguments.feature), query, [&](const Json& report) {
        print_verdict(client.out(), report);
        print_checks(client.out(), report);
        print_sides(client.out(), report);
        print_pairs(client.out(), report);
    });
}

}  // namespace tidegate::cli
