// Precedence of versions by SemVer 2.0, section 11, on the text: no number overflows.
#include <tidegate/flags/condition.h>

#include <algorithm>
#include <array>

namespace tidegate::flags {
namespace {

struct Version {
    std::array<std::string_view, 3> numbers{"0", "0", "0"};  // major, minor, patch
    std::string_view before;                                 // the pre-release, without its hyphen
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_number(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}
bool has_leading_zero(std::string_view text) {
    return text.size() > 1 && text[0] == '0';
}

bool is_identifier(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
}

// What stands before the first dot; removes it with the dot.
std::string_view take_part(std::string_view& text) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
    return part;
}

bool are_identifiers(std::string_view text, bool zeros_allowed) {
    if (text.ends_with('.'))
        return false;
    do {
        const std::string_view part = take_part(text);
        if (!is_identifier(part))
            return false;
        if (!zeros_allowed && is_number(part) && has_leading_zero(part))
            return false;
    } while (!text.empty());
    return true;
}

std::optional<Version> parse(std::string_view text) {
    Version version;
    if (text.starts_with('v'))
        text.remove_prefix(1);
    if (const std::size_t plus = text.find('+'); plus != std::string_view::npos) {
        if (!are_identifiers(text.substr(plus + 1), true))
            return std::nullopt;
        text = text.substr(0, plus);
    }
    if (const std::size_t hyphen = text.find('-'); hyphen != std::string_view::npos) {
        version.before = text.substr(hyphen + 1);
        if (!are_identifiers(version.before, false))
            return std::nullopt;
        text = text.substr(0, hyphen);
    }
    if (text.ends_with('.'))
        return std::nullopt;
    std::size_t count = 0;
    do {
        const std::string_view part = take_part(text);
        if (count == version.numbers.size() || !is_number(part) || has_leading_zero(part))
            return std::nullopt;
        version.numbers[count++] = part;
    } while (!text.empty());
    return version;
}

int sign(int value) {
    return (value > 0) - (value < 0);
}

int compare_numbers(std::string_view a, std::string_view b) {
    if (a.size() != b.size())
        return a.size() < b.size() ? -1 : 1;
    return sign(a.compare(b));
}

int compare_identifiers(std::string_view a, std::string_view b) {
    const bool a_number = is_number(a);
    const bool b_number = is_number(b);
    if (a_number && b_number)
        return compare_numbers(a, b);
    if (a_number != b_number)
        return a_number ? -1 : 1;  // numbers come before words
    return sign(a.compare(b));
}

int compare_before(std::string_view a, std::string_view b) {
    if (a.empty() || b.empty())
        return static_cast<int>(a.empty()) - static_cast<int>(b.empty());
    while (!a.empty() && !b.empty()) {
        if (const int order = compare_identifiers(take_part(a), take_part(b)); order != 0)
            return order;
    }
    return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

}  // namespace

std::optional<int> compare_versions(std::string_view a, std::string_view b) {
    const std::optional<Version> left = parse(a);
    const std::optional<Version> right = parse(b);
    if (!left || !right)
        return std::nullopt;
    for (std::size_t i = 0; i < left->numbers.size(); ++i) {
        if (const int order = compare_numbers(left->numbers[i], right->numbers[i]); order != 0)
            return order;
    }
    return compare_before(left->before, right->before);
}

}  // namespace tidegate::flags
