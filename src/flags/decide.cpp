#include <tidegate/base/text.h>
#include <tidegate/flags/decide.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <murmurhash.h>

namespace tidegate::flags {
namespace {

// Room for a number as text.
using NumberText = std::array<char, 32>;

std::string_view print_number(double number, NumberText& room) {
    const bool is_whole = number == std::floor(number) && std::abs(number) < 1e15;
    const auto end = is_whole
                         ? fmt::format_to_n(room.begin(), room.size(), "{}", static_cast<std::int64_t>(number))
                         : fmt::format_to_n(room.begin(), room.size(), "{}", number);
    return {room.data(), std::min(end.size, room.size())};
}

// The unit's value; empty if the call has none. `room` holds it if it is a number.
std::string_view unit_of(const CohortBy& cohort_by, const Context& context, NumberText& room) {
    switch (cohort_by.kind) {
        case CohortBy::Kind::user:
            return context.user.value_or(std::string_view{});
        case CohortBy::Kind::conversation:
            return context.conversation.value_or(std::string_view{});
        case CohortBy::Kind::attribute:
            break;
    }
    const AttributeValue* value =
        context.attributes == nullptr ? nullptr : context.attributes->find(cohort_by.attribute);
    if (value == nullptr)
        return {};
    if (const bool* boolean = std::get_if<bool>(value))
        return *boolean ? "true" : "false";
    if (const double* number = std::get_if<double>(value))
        return print_number(*number, room);
    return std::get<std::string>(*value);
}

const AttributeValue* find(const Context& context, const std::string& attribute) {
    return context.attributes == nullptr ? nullptr : context.attributes->find(attribute);
}

bool matches(const Rule& rule, const Context& context) {
    return std::all_of(rule.when.begin(), rule.when.end(), [&context](const Condition& condition) {
        return condition.holds(find(context, condition.attribute));
    });
}

Decision choose(const Serve::Share& share, std::string_view rule, Reason reason) {
    Decision decision;
    decision.variant = share.variant;
    decision.index = share.index;
    decision.rule = rule;
    decision.reason = reason;
    return decision;
}

Decision serve(const Flag& flag, const Rule* rule, const Context& context) {
    const Serve& what = rule == nullptr ? flag.serve : rule->serve;
    const std::string_view name = rule == nullptr ? std::string_view{} : std::string_view{rule->name};
    if (what.is_fixed()) {
        const Reason otherwise = flag.rules.empty() ? Reason::fixed : Reason::fallthrough;
        return choose(what.largest(), name, rule == nullptr ? otherwise : Reason::targeting_match);
    }
    NumberText room;
    const std::string_view unit = unit_of(flag.cohort_by, context, room);
    if (unit.empty()) {
        Decision decision =
            choose(what.largest(), name, rule == nullptr ? Reason::fallthrough : Reason::targeting_match);
        decision.unassigned = true;
        return decision;
    }
    const int bucket = bucket_of(hash_unit(flag.name, unit));
    Decision decision =
        choose(what.at(bucket), name, rule == nullptr ? Reason::split : Reason::targeting_match);
    decision.bucket = bucket;
    return decision;
}

const Rule* first_match(const Flag& flag, const Context& context) {
    for (const Rule& rule : flag.rules) {
        if (matches(rule, context))
            return &rule;
    }
    return nullptr;
}

// The conditions that do not hold.
std::string why_not(const Rule& rule, const Context& context) {
    std::string why;
    for (const Condition& condition : rule.when) {
        const AttributeValue* value = find(context, condition.attribute);
        if (condition.holds(value))
            continue;
        why += fmt::format("{}{} is {}, must be {}", why.empty() ? "" : "; ", condition.attribute,
                           value == nullptr ? "missing" : to_text(*value), condition.text());
    }
    return why;
}

std::string unit_name(const CohortBy& cohort_by) {
    if (cohort_by.kind == CohortBy::Kind::user)
        return "user";
    return cohort_by.kind == CohortBy::Kind::conversation ? "conversation" : cohort_by.attribute;
}

}  // namespace

std::string_view to_string(Reason reason) {
    switch (reason) {
        case Reason::fixed:
            return "STATIC";
        case Reason::fallthrough:
            return "DEFAULT";
        case Reason::targeting_match:
            return "TARGETING_MATCH";
        case Reason::split:
            return "SPLIT";
    }
    return "UNKNOWN";
}

std::uint32_t hash_unit(std::string_view feature, std::string_view unit) {
    std::array<char, 512> room;  // NOLINT: filled below
    std::string large;
    const std::size_t size = feature.size() + unit.size();
    char* bytes = room.data();
    if (size > room.size()) {
        large.resize(size);
        bytes = large.data();
    }
    std::copy(feature.begin(), feature.end(), bytes);
    std::copy(unit.begin(), unit.end(), bytes + feature.size());
    std::uint32_t hash = 0;
    lmmh_x86_32(bytes, static_cast<unsigned int>(size), 0, &hash);
    return hash;
}

int bucket_of(std::uint32_t hash, int total) {
    return static_cast<int>((std::uint64_t{hash} * static_cast<std::uint64_t>(total)) >> 32U);
}

Decision decide(const Flag& flag, const Context& context) {
    return serve(flag, first_match(flag, context), context);
}

Explanation explain(const Flag& flag, const Context& context) {
    Explanation explanation;
    explanation.decision = decide(flag, context);
    explanation.served = &flag.serve;
    bool is_decided = false;
    for (const Rule& rule : flag.rules) {
        Explanation::TriedRule tried{rule.name, false, !is_decided, {}};
        if (tried.tried) {
            tried.matched = matches(rule, context);
            if (!tried.matched)
                tried.why = why_not(rule, context);
        }
        if (tried.matched)
            explanation.served = &rule.serve;
        is_decided = is_decided || tried.matched;
        explanation.rules.push_back(std::move(tried));
    }
    NumberText room;
    const std::string_view unit = unit_of(flag.cohort_by, context, room);
    explanation.unit_name = unit_name(flag.cohort_by);
    if (!unit.empty())
        explanation.unit = std::string(unit);
    if (explanation.decision.bucket)
        explanation.hash = hash_unit(flag.name, unit);
    return explanation;
}

std::string Explanation::json() const {
    std::string out =
        fmt::format(R"({{"variant":{},"rule":{},"reason":"{}","unassigned":{},"unit":{{"name":{},"value":{}}})",
                    json_string(decision.variant), decision.rule.empty() ? "null" : json_string(decision.rule),
                    to_string(decision.reason), decision.unassigned, json_string(unit_name),
                    unit ? json_string(*unit) : "null");
    out += fmt::format(R"(,"hash":{},"bucket":{},"weights":[)", hash ? std::to_string(*hash) : "null",
                       decision.bucket ? std::to_string(*decision.bucket) : "null");
    bool first = true;
    for (const Serve::Share& share : served->shares()) {
        out += fmt::format(R"({}{{"variant":{},"percent":{}.{:02},"buckets":[{},{}]}})", first ? "" : ",",
                           json_string(share.variant), share.weight / 100, share.weight % 100,
                           share.end - share.weight, share.end);
        first = false;
    }
    out += R"(],"rules":[)";
    first = true;
    for (const TriedRule& rule : rules) {
        out += fmt::format(R"({}{{"name":{},"tried":{},"matched":{},"why":{}}})", first ? "" : ",",
                           json_string(rule.name), rule.tried, rule.matched, json_string(rule.why));
        first = false;
    }
    return out + "]}";
}

}  // namespace tidegate::flags
