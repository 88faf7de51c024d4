// One entry of a rule's `when`: an attribute and what must hold of it.
//
//   plan: enterprise            equal; text, number and boolean never equal one another ("10" is not 10)
//   country: [DE, FR]           any of
//   email: {prefix: staff-}     a prefix, or a list of prefixes
//   seats: {at_least: 10}       above, at_least, below, at_most; several are and-ed. A text that is a number
//   counts as it,
//                               as in flagd
//   app: {semver: ">=2.1.0"}    = != > >= < <= by SemVer 2.0 precedence; several, separated by spaces, are
//   and-ed; "v2.1" is
//                               read as 2.1.0. What is no version does not match
//   plan: {not: free}           the opposite of any of the above, so it holds too when the attribute is missing
#pragma once

#include <tidegate/flags/attributes.h>
#include <tidegate/yaml/cursor.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tidegate::flags {

struct AnyOf {
    std::vector<AttributeValue> values;
};
struct Prefix {
    std::vector<std::string> prefixes;
};
struct Comparison {
    enum class Operator { above, at_least, below, at_most };
    Operator op = Operator::above;
    double bound = 0;
};
struct VersionComparison {
    enum class Operator { equal, not_equal, above, at_least, below, at_most };
    Operator op = Operator::equal;
    std::string version;
};
struct Negation;
using Test = std::variant<AnyOf, Prefix, Comparison, VersionComparison, Negation>;
struct Negation {
    std::vector<Test> tests;  // the opposite of all of them together
};

struct Condition {
    std::string attribute;
    std::vector<Test> tests;  // and-ed

    // `value` is null when the call has no such attribute. Does not allocate.
    bool holds(const AttributeValue* value) const;
    // What must hold, for people: `in ["DE", "FR"]`.
    std::string text() const;
};

// Reads one entry of `when`, whose key is the attribute.
Condition parse_condition(const yaml::Cursor& at);

// Less than zero, zero or more than zero by the precedence of SemVer 2.0; nothing if either is no version.
std::optional<int> compare_versions(std::string_view a, std::string_view b);

// `"enterprise"`, `10`, `true`.
std::string to_text(const AttributeValue& value);

}  // namespace tidegate::flags
