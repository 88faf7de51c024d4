#include "yaml/characters.h"

#include <tidegate/yaml/scalar.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace tidegate::yaml {
namespace {

// The digits at the front of `text`, removed from it; nothing if there are none or a leading zero is followed
// by more.
std::optional<std::string_view> take_digits(std::string_view& text) {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    if (count == 0 || (count > 1 && text[0] == '0'))
        return std::nullopt;
    const std::string_view digits = text.substr(0, count);
    text.remove_prefix(count);
    return digits;
}

std::optional<std::uint64_t> take_whole(std::string_view& text) {
    const std::optional<std::string_view> digits = take_digits(text);
    if (!digits)
        return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits->data(), digits->data() + digits->size(), value);
    if (error != std::errc{})
        return std::nullopt;
    return value;
}

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

template <std::size_t size>
std::optional<std::uint64_t> parse_with_unit(std::string_view text, const std::array<Unit, size>& units,
                                             std::uint64_t max) {
    const std::optional<std::uint64_t> whole = take_whole(text);
    if (!whole)
        return std::nullopt;
    for (const Unit& unit : units) {
        if (text != unit.name)
            continue;
        if (*whole > max / unit.factor)
            return std::nullopt;
        return *whole * unit.factor;
    }
    return std::nullopt;
}

// JSON's grammar of numbers.
bool is_json_number(std::string_view text) {
    if (text.starts_with('-'))
        text.remove_prefix(1);
    if (!take_digits(text))
        return false;
    const auto skip_digits = [&text] {
        std::size_t count = 0;
        while (count < text.size() && is_digit(text[count])) ++count;
        text.remove_prefix(count);
        return count > 0;
    };
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        if (!skip_digits())
            return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-'))
            text.remove_prefix(1);
        if (!skip_digits())
            return false;
    }
    return text.empty();
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::string_view rest = text;
    if (rest.starts_with('-'))
        rest.remove_prefix(1);
    if (!take_digits(rest) || !rest.empty())
        return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{})
        return std::nullopt;
    return value;
}

std::optional<double> parse_number(std::string_view text) {
    if (!is_json_number(text))
        return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || !std::isfinite(value))
        return std::nullopt;
    return value;
}

std::optional<Duration> parse_duration(std::string_view text) {
    constexpr std::uint64_t kSecond = 1'000'000'000;
    constexpr std::array<Unit, 5> kUnits{{{"ms", 1'000'000},
                                          {"s", kSecond},
                                          {"m", 60 * kSecond},
                                          {"h", 3600 * kSecond},
                                          {"d", 24 * 3600 * kSecond}}};
    constexpr std::uint64_t kTenYears = 3652 * 24 * 3600 * kSecond;
    static_assert(kTenYears <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    const std::optional<std::uint64_t> nanos = parse_with_unit(text, kUnits, kTenYears);
    if (!nanos)
        return std::nullopt;
    return Duration{static_cast<std::int64_t>(*nanos)};
}

std::optional<std::uint64_t> parse_byte_size(std::string_view text) {
    constexpr std::array<Unit, 5> kUnits{
        {{"B", 1}, {"KiB", 1ULL << 10U}, {"MiB", 1ULL << 20U}, {"GiB", 1ULL << 30U}, {"TiB", 1ULL << 40U}}};
    return parse_with_unit(text, kUnits, 1ULL << 60U);
}

std::optional<int> parse_percent(std::string_view text) {
    if (text.ends_with('%'))
        text.remove_suffix(1);
    const std::optional<std::uint64_t> whole = take_whole(text);
    if (!whole || *whole > 1'000'000)
        return std::nullopt;
    int hundredths = 0;
    if (!text.empty()) {
        if (text[0] != '.' || text.size() < 2 || text.size() > 3)
            return std::nullopt;
        for (const char c : text.substr(1)) {
            if (!is_digit(c))
                return std::nullopt;
            hundredths = hundredths * 10 + (c - '0');
        }
        if (text.size() == 2)
            hundredths *= 10;
    }
    return static_cast<int>(*whole) * 100 + hundredths;
}

}  // namespace tidegate::yaml
