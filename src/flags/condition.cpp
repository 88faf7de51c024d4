#include <tidegate/base/text.h>
#include <tidegate/flags/condition.h>
#include <tidegate/yaml/scalar.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::flags {
namespace {

// flagd compares a number with a text that is one.
std::optional<double> as_number(const AttributeValue& value) {
    if (const double* number = std::get_if<double>(&value))
        return *number;
    if (const std::string* text = std::get_if<std::string>(&value))
        return yaml::parse_number(*text);
    return std::nullopt;
}

bool all_hold(const std::vector<Test>& tests, const AttributeValue* value);

struct Holds {
    const AttributeValue* value;

    bool operator()(const AnyOf& test) const {
        return value != nullptr &&
               std::find(test.values.begin(), test.values.end(), *value) != test.values.end();
    }
    bool operator()(const Prefix& test) const {
        const std::string* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
        return text != nullptr &&
               std::any_of(test.prefixes.begin(), test.prefixes.end(),
                           [text](const std::string& prefix) { return text->starts_with(prefix); });
    }
    bool operator()(const Comparison& test) const {
        const std::optional<double> number = value == nullptr ? std::nullopt : as_number(*value);
        if (!number)
            return false;
        switch (test.op) {
            case Comparison::Operator::above:
                return *number > test.bound;
            case Comparison::Operator::at_least:
                return *number >= test.bound;
            case Comparison::Operator::below:
                return *number < test.bound;
            case Comparison::Operator::at_most:
                return *number <= test.bound;
        }
        return false;
    }
    bool operator()(const VersionComparison& test) const {
        const std::string* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
        const std::optional<int> order = text == nullptr ? std::nullopt : compare_versions(*text, test.version);
        if (!order)
            return false;
        switch (test.op) {
            case VersionComparison::Operator::equal:
                return *order == 0;
            case VersionComparison::Operator::not_equal:
                return *order != 0;
            case VersionComparison::Operator::above:
                return *order > 0;
            case VersionComparison::Operator::at_least:
                return *order >= 0;
            case VersionComparison::Operator::below:
                return *order < 0;
            case VersionComparison::Operator::at_most:
                return *order <= 0;
        }
        return false;
    }
    bool operator()(const Negation& test) const { return !all_hold(test.tests, value); }
};

bool all_hold(const std::vector<Test>& tests, const AttributeValue* value) {
    return std::all_of(tests.begin(), tests.end(),
                       [value](const Test& test) { return std::visit(Holds{value}, test); });
}

std::string text_of(const std::vector<Test>& tests);

struct TextOf {
    std::string operator()(const AnyOf& test) const {
        std::vector<std::string> values;
        for (const AttributeValue& value : test.values) values.push_back(to_text(value));
        return values.size() == 1 ? values.front() : fmt::format("in [{}]", fmt::join(values, ", "));
    }
    std::string operator()(const Prefix& test) const {
        std::vector<std::string> prefixes;
        for (const std::string& prefix : test.prefixes) prefixes.push_back(json_string(prefix));
        return fmt::format("begin with {}", fmt::join(prefixes, " or "));
    }
    std::string operator()(const Comparison& test) const {
        constexpr std::string_view kNames[] = {"above", "at least", "below", "at most"};
        return fmt::format("{} {}", kNames[static_cast<std::size_t>(test.op)], test.bound);
    }
    std::string operator()(const VersionComparison& test) const {
        constexpr std::string_view kNames[] = {"=", "!=", ">", ">=", "<", "<="};
        return fmt::format("version {}{}", kNames[static_cast<std::size_t>(test.op)], test.version);
    }
    std::string operator()(const Negation& test) const { return fmt::format("not ({})", text_of(test.tests)); }
};

std::string text_of(const std::vector<Test>& tests) {
    std::string text;
    for (const Test& test : tests) {
        if (!text.empty())
            text += " and ";
        text += std::visit(TextOf{}, test);
    }
    return text;
}

}  // namespace

bool Condition::holds(const AttributeValue* value) const {
    return all_hold(tests, value);
}

std::string Condition::text() const {
    return text_of(tests);
}

std::string to_text(const AttributeValue& value) {
    if (const bool* boolean = std::get_if<bool>(&value))
        return *boolean ? "true" : "false";
    if (const double* number = std::get_if<double>(&value))
        return fmt::format("{}", *number);
    return json_string(std::get<std::string>(value));
}

}  // namespace tidegate::flags
