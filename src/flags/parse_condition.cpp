#include <tidegate/flags/condition.h>
#include <tidegate/yaml/scalar.h>

#include <limits>

#include <fmt/format.h>

namespace tidegate::flags {
namespace {

constexpr double kMax = std::numeric_limits<double>::max();

std::vector<Test> parse_tests(const yaml::Cursor& at);

// Without quotes `true`, `false` and numbers are what they look like, everything else is text.
std::optional<AttributeValue> parse_value(const yaml::Cursor& at) {
    const std::optional<std::string> text = at.optional_text();
    if (!text)
        return std::nullopt;
    if (at.is_plain() && (*text == "true" || *text == "false"))
        return AttributeValue{*text == "true"};
    if (at.is_plain()) {
        if (const std::optional<double> number = yaml::parse_number(*text))
            return AttributeValue{*number};
    }
    return AttributeValue{*text};
}

AnyOf parse_any_of(const yaml::Cursor& at) {
    AnyOf any;
    const auto add = [&any](const yaml::Cursor& item) {
        if (std::optional<AttributeValue> value = parse_value(item))
            any.values.push_back(*std::move(value));
    };
    if (!at.is_list()) {
        add(at);
        return any;
    }
    at.each_item(add);
    if (at.size() == 0)
        at.problem("an empty list never matches");
    return any;
}

Prefix parse_prefix(const yaml::Cursor& at) {
    Prefix prefix;
    if (at.is_list()) {
        prefix.prefixes = at.text_list();
        if (at.size() == 0)
            at.problem("an empty list never matches");
    } else {
        prefix.prefixes.push_back(at.text());
    }
    return prefix;
}

void parse_versions(const yaml::Cursor& at, std::vector<Test>& tests) {
    using Operator = VersionComparison::Operator;
    constexpr std::pair<std::string_view, Operator> kOperators[] = {
        {">=", Operator::at_least}, {"<=", Operator::at_most}, {"!=", Operator::not_equal},
        {">", Operator::above},     {"<", Operator::below},    {"=", Operator::equal}};
    const std::string text = at.text();
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t space = rest.find(' ');
        std::string_view part = rest.substr(0, space);
        rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
        if (part.empty())
            continue;
        VersionComparison comparison;
        for (const auto& [name, op] : kOperators) {
            if (!part.starts_with(name))
                continue;
            comparison.op = op;
            part.remove_prefix(name.size());
            break;
        }
        comparison.version = std::string(part);
        if (!compare_versions(part, part)) {
            return at.problem("must be a version with = != > >= < or <= before it, such as \">=2.1.0\"");
        }
        tests.emplace_back(std::move(comparison));
    }
}

void parse_comparison(const yaml::Cursor& at, Comparison::Operator op, std::vector<Test>& tests) {
    if (const std::optional<double> bound = at.optional_number(-kMax, kMax))
        tests.emplace_back(Comparison{op, *bound});
}

std::vector<Test> parse_operators(const yaml::Cursor& at) {
    std::vector<Test> tests;
    if (const yaml::Cursor inner = at["not"])
        tests.emplace_back(Negation{parse_tests(inner)});
    if (const yaml::Cursor inner = at["prefix"])
        tests.emplace_back(parse_prefix(inner));
    parse_comparison(at["above"], Comparison::Operator::above, tests);
    parse_comparison(at["at_least"], Comparison::Operator::at_least, tests);
    parse_comparison(at["below"], Comparison::Operator::below, tests);
    parse_comparison(at["at_most"], Comparison::Operator::at_most, tests);
    if (const yaml::Cursor inner = at["semver"])
        parse_versions(inner, tests);
    at.finish();
    if (at.size() == 0)
        at.problem("must say what to compare with");
    return tests;
}

std::vector<Test> parse_tests(const yaml::Cursor& at) {
    if (at.is_map())
        return parse_operators(at);
    std::vector<Test> tests;
    tests.emplace_back(parse_any_of(at));
    return tests;
}

}  // namespace

Condition parse_condition(const yaml::Cursor& at) {
    return {at.name(), parse_tests(at)};
}

}  // namespace tidegate::flags
