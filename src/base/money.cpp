#include <tidegate/base/money.h>

namespace tidegate {
namespace {

constexpr std::int64_t kNanosPerDollar = 1'000'000'000;
constexpr std::size_t kDecimals = 9;

std::optional<std::int64_t> parse_digits(std::string_view digits) {
    std::int64_t value = 0;
    for (const char digit : digits) {
        if (digit < '0' || digit > '9')
            return std::nullopt;
        if (__builtin_mul_overflow(value, 10, &value))
            return std::nullopt;
        if (__builtin_add_overflow(value, digit - '0', &value))
            return std::nullopt;
    }
    return value;
}

}  // namespace

std::optional<NanoDollars> NanoDollars::parse(std::string_view text) {
    const bool negative = !text.empty() && text.front() == '-';
    if (negative)
        text.remove_prefix(1);
    const auto dot = text.find('.');
    const std::string_view whole = text.substr(0, dot);
    std::string decimals(dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1));
    if (whole.empty() || decimals.size() > kDecimals)
        return std::nullopt;
    if (dot != std::string_view::npos && decimals.empty())
        return std::nullopt;
    decimals.resize(kDecimals, '0');

    const auto dollars = parse_digits(whole);
    const auto nanos = parse_digits(decimals);
    std::int64_t total = 0;
    if (!dollars || !nanos || __builtin_mul_overflow(*dollars, kNanosPerDollar, &total) ||
        __builtin_add_overflow(total, *nanos, &total)) {
        return std::nullopt;
    }
    return NanoDollars{negative ? -total : total};
}

std::string NanoDollars::to_string() const {
    const std::uint64_t absolute =
        nanos_ < 0 ? 0 - static_cast<std::uint64_t>(nanos_) : static_cast<std::uint64_t>(nanos_);
    std::string text = nanos_ < 0 ? "-" : "";
    text += std::to_string(absolute / kNanosPerDollar);
    text += '.';
    const std::size_t point = text.size();
    text.append(kDecimals, '0');
    std::uint64_t rest = absolute % kNanosPerDollar;
    for (std::size_t i = kDecimals; i > 0; --i, rest /= 10)
        text[point + i - 1] = static_cast<char>('0' + rest % 10);
    return text;
}

}  // namespace tidegate
