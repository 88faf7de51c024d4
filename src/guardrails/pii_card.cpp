#include "guardrails/checksums.h"
#include "guardrails/pii.h"
#include "guardrails/shape.h"

namespace tidegate::guardrails {
namespace {

constexpr std::size_t kFewestCardDigits = 13;
constexpr std::size_t kMostCardDigits = 19;
constexpr std::size_t kFewestInGroup = 3;  // but for the last

int prefix_of(std::string_view digits, std::size_t count) {
    int prefix = 0;
    for (const char c : digits.substr(0, count)) prefix = prefix * 10 + (c - '0');
    return prefix;
}

// The first digits that payment networks have been given, and the lengths of their numbers.
bool is_network(std::string_view digits) {
    const std::size_t size = digits.size();
    const int two = prefix_of(digits, 2);
    const int four = prefix_of(digits, 4);
    if (digits[0] == '4')
        return size == 13 || size == 16 || size == 19;  // Visa
    if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720))
        return size == 16;  // Mastercard
    if (two == 34 || two == 37)
        return size == 15;  // American Express
    if (two == 30 || two == 36 || two == 38 || two == 39)
        return size >= 14 && size <= 19;  // Diners Club
    if (four >= 3528 && four <= 3589)
        return size >= 16;  // JCB
    if (two == 50 || (two >= 56 && two <= 58))
        return true;  // Maestro
    if (two == 60 || two == 62 || two == 64 || two == 65 || two == 67)
        return size >= 16;  // Discover, UnionPay, Maestro, RuPay
    if (two == 63)
        return true;                                            // Maestro
    return two == 81 || four / 100 == 22 ? size >= 16 : false;  // RuPay, Mir
}

bool is_card(std::string_view digits) {
    return digits.size() >= kFewestCardDigits && is_network(digits) && luhn(digits);
}

// The longest number that begins here and ends with one of its groups.
std::size_t card_length(std::string_view text, std::size_t at) {
    if (!number_starts(text, at))
        return 0;
    Compact digits;
    std::size_t longest = 0;
    std::size_t group = 0;
    for (std::size_t end = at; end < text.size() && digits.size() < kMostCardDigits;) {
        if (is_digit(text[end])) {
            digits.add(text[end]);
            ++group;
            ++end;
            const bool ends = end >= text.size() || !is_digit(text[end]);
            if (ends && number_ends(text, end) && is_card(digits.text()))
                longest = end - at;
            continue;
        }
        const std::size_t separator = separator_length(text, end);
        if (separator == 0 || group < kFewestInGroup)
            break;
        group = 0;
        end += separator;
        if (end >= text.size() || !is_digit(text[end]))
            break;
    }
    return longest;
}

}  // namespace

Recogniser card_recogniser() {
    constexpr std::size_t kMostSeparators = (kMostCardDigits - 1) / kFewestInGroup;
    return {"card", kDigits, kMostCardDigits + kMostSeparators * kLongestSeparator, card_length};
}

}  // namespace tidegate::guardrails
