#include "guardrails/pii.h"

#include <algorithm>

namespace tidegate::guardrails {
namespace {

constexpr std::size_t kMostPhoneDigits = 15;  // E.164
constexpr std::size_t kLongestPhone = 64;

// A separator between groups: one of them, or a bracket with a separator beside it. 0: none.
std::size_t gap_length(std::string_view text, std::size_t at) {
    const auto bracket = [text](std::size_t place, char c) {
        return place < text.size() && text[place] == c ? 1U : 0U;
    };
    std::size_t end = at;
    if (bracket(end, ')') != 0) {
        end += 1;
        return end + separator_length(text, end) - at;
    }
    end += separator_length(text, end);
    return end + bracket(end, '(') - at;
}

std::size_t digits_end(std::string_view text, std::size_t at) {
    while (at < text.size() && is_digit(text[at])) ++at;
    return at;
}

// `+49 (0) 30 1234-567`, `0049 30 1234567`: 8 to 15 digits in any groups.
std::size_t international_length(std::string_view text, std::size_t at) {
    std::size_t end = at;
    if (text[at] == '+')
        end += 1;
    else if (text.substr(at, 2) == "00" && number_starts(text, at))
        end += 2;
    else
        return 0;
    if (end >= text.size() || text[end] < '1' || text[end] > '9')
        return 0;
    std::size_t longest = 0;
    std::size_t digits = 0;
    while (end < text.size() && is_digit(text[end])) {
        while (end < text.size() && is_digit(text[end])) {
            if (++digits > kMostPhoneDigits)
                return longest;
            ++end;
        }
        if (end - at > kLongestPhone)
            return longest;
        if (digits >= 8 && number_ends(text, end))
            longest = end - at;
        end += gap_length(text, end);
    }
    return longest;
}

bool is_area(std::string_view text, std::size_t at) {
    return at + 3 <= text.size() && text[at] >= '2' && text[at] <= '9' && is_digit(text[at + 1]) &&
           is_digit(text[at + 2]);
}

// North America: `(415) 555-2671`, `1-415-555-2671`, `415.555.2671`.
std::size_t american_length(std::string_view text, std::size_t at) {
    std::size_t end = at;
    if (text[end] == '1') {
        end += 1;
        const std::size_t gap = gap_length(text, end);
        if (gap == 0)
            return 0;
        end += gap;
    } else if (text[end] == '(') {
        end += 1;
    }
    if (!is_area(text, end))
        return 0;
    end += 3;
    const std::size_t gap = gap_length(text, end);
    if (gap == 0 || !is_area(text, end + gap))
        return 0;
    end += gap + 3;
    const std::size_t separator = separator_length(text, end);
    if (separator == 0)
        return 0;
    end += separator;
    const std::size_t last = digits_end(text.substr(0, std::min(text.size(), end + 5)), end);
    return last == end + 4 && number_ends(text, last) ? last - at : 0;
}

// Numbers that begin with the trunk prefix 0: `030 123456`, `(030) 12 34 56`, `06 12 34 56 78`, `07911 123456`.
// 9 to 12 digits; groups but the first are separated alike, so that dates and times are none.
std::size_t trunk_length(std::string_view text, std::size_t at) {
    std::size_t end = at + (text[at] == '(' ? 1 : 0);
    if (end + 1 >= text.size() || text[end] != '0' || text[end + 1] < '1' || text[end + 1] > '9')
        return 0;
    std::size_t digits = 0;
    std::size_t longest = 0;
    std::string_view separator;
    for (int groups = 1;; ++groups) {
        const std::size_t begin = end;
        end = digits_end(text.substr(0, std::min(text.size(), end + kMostPhoneDigits)), end);
        digits += end - begin;
        if (end - begin < 2 || digits > 12)
            return longest;
        const bool enough = groups == 1 ? digits == 10 || digits == 11 : digits >= 9;
        if (enough && number_ends(text, end))
            longest = end - at;
        const std::string_view gap = text.substr(end, gap_length(text, end));
        if (gap.empty() || (groups > 2 && gap != separator))
            return longest;
        separator = gap;
        end += gap.size();
    }
}

std::size_t phone_length(std::string_view text, std::size_t at) {
    if (const std::size_t length = international_length(text, at); length > 0)
        return length;
    if (text[at] == '+' || !number_starts(text, at))
        return 0;
    const std::size_t american = american_length(text, at);
    return american > 0 ? american : trunk_length(text, at);
}

}  // namespace

Recogniser phone_recogniser() {
    return {"phone", "0123456789+(", kLongestPhone, phone_length};
}

}  // namespace tidegate::guardrails
