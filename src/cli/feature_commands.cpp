// `feature list`, `feature show`, `feature explain`.
#include "cli/client_command.h"
#include "cli/printable.h"
#include "cli/table.h"

#include <ostream>
#include <set>

namespace tidegate::cli {
namespace {

std::string feature_path(const std::string& feature) {
    return "/admin/v1/features/" + percent_encode(feature);
}

// "next 10%, stable 90%", or the one variant.
std::string serve_text(const Json& serve) {
    if (!serve.is_object())
        return text_of(serve);
    std::string out;
    for (const auto& [variant, percent] : serve.items()) {
        if (!out.empty())
            out += ", ";
        out += variant + " " + text_of(percent) + "%";
    }
    return out;
}

std::string rule_text(const Json& answer) {
    const std::string rule = text_of(answer, "rule");
    std::string out = rule.empty() ? "the default" : "rule " + rule;
    return out + " (" + text_of(answer, "reason") + ")";
}

std::string bucket_text(const Json& answer) {
    const std::string bucket = text_of(answer, "bucket");
    if (bucket.empty())
        return child_of(answer, "unassigned") == Json(true) ? "none: there is no value to weigh by" : "";
    return bucket + " of 10000";
}

std::string rule_result(const Json& rule) {
    if (child_of(rule, "matched") == Json(true))
        return "matched";
    return child_of(rule, "tried") == Json(true) ? "no match" : "not tried";
}

void print_explanation(std::ostream& out, const std::string& feature, const Json& answer) {
    const Json& unit = child_of(answer, "unit");
    const std::string unit_value = text_of(unit, "value");
    Fields fields;
    fields.add("feature", feature);
    fields.add("variant", text_of(answer, "variant"));
    fields.add("because of", rule_text(answer));
    fields.add("decided by", text_of(unit, "name") + (unit_value.empty() ? ", not given" : " " + unit_value));
    fields.add("bucket", bucket_text(answer));
    fields.print(out);

    Table weights({{"VARIANT"}, {"PERCENT", Align::right}, {"BUCKETS"}});
    for (const Json& share : child_of(answer, "weights")) {
        const Json& buckets = child_of(share, "buckets");
        const bool is_range = buckets.is_array() && buckets.size() == 2;
        weights.add({text_of(share, "variant"), text_of(share, "percent"),
                     is_range ? text_of(buckets[0]) + " to below " + text_of(buckets[1]) : ""});
    }
    if (!weights.empty()) {
        out << '\n';
        weights.print(out);
    }
    Table rules({{"RULE"}, {"RESULT"}, {"WHY"}});
    for (const Json& rule : child_of(answer, "rules"))
        rules.add({text_of(rule, "name"), rule_result(rule), text_of(rule, "why")});
    if (!rules.empty()) {
        out << '\n';
        rules.print(out);
    }
}

}  // namespace

int feature_list_command(const Client& client) {
    return client.get("/admin/v1/features", {}, [&](const Json& answer) {
        Table table({{"FEATURE"}, {"SERVES"}, {"COHORT BY"}, {"RULES"}, {"VARIANTS"}});
        for (const Json& feature : child_of(answer, "features")) {
            table.add({text_of(feature, "name"), serve_text(child_of(feature, "serve")),
                       text_of(feature, "cohort_by"), text_of(feature, "targeting"),
                       text_of(feature, "variants")});
        }
        if (table.empty()) {
            client.out() << "no features\n";
        } else {
            table.print(client.out());
        }
    });
}

int feature_show_command(const Client& client, const std::string& feature) {
    return client.get(feature_path(feature), {}, [&](const Json& answer) { print_flat(client.out(), answer); });
}

int feature_explain_command(const Client& client, const ExplainArguments& arguments) {
    Query query;
    if (!arguments.user.empty())
        query.emplace_back("user", arguments.user);
    if (!arguments.conversation.empty())
        query.emplace_back("conversation", arguments.conversation);
    std::set<std::string> names;
    for (const std::string& attribute : arguments.attributes) {
        const std::size_t equals = attribute.find('=');
        if (equals == 0 || equals == std::string::npos)
            return client.fail(kWrongUsage, "--attr takes name=value, not " + attribute);
        const std::string name = attribute.substr(0, equals);
        if (!names.insert(name).second)
            return client.fail(kWrongUsage, "--attr has " + name + " twice");
        query.emplace_back("attr." + name, attribute.substr(equals + 1));
    }
    return client.get(feature_path(arguments.feature) + "/explain", query,
                      [&](const Json& answer) { print_explanation(client.out(), arguments.feature, answer); });
}

}  // namespace tidegate::cli
