#include "guardrails/shape.h"

#include "guardrails/tokens.h"

#include <algorithm>

namespace tidegate::guardrails {
namespace {

bool is_separator_place(char place) {
    return place == ' ' || place == '-';
}

bool fits(char place, char c) {
    switch (place) {
        case '9':
            return is_digit(c);
        case 'A':
            return is_letter(c);
        case 'X':
            return is_letter_or_digit(c);
        default:
            return c > ' ' && c <= '~';
    }
}

}  // namespace

bool Compact::add(char c) {
    if (size_ == characters_.size())
        return false;
    characters_[size_++] = to_upper(c);
    return true;
}

std::size_t read_shape(std::string_view text, std::size_t at, std::string_view shape, Compact& compact) {
    compact.clear();
    std::size_t end = at;
    for (const char place : shape) {
        if (is_separator_place(place)) {
            const std::size_t length = separator_length(text, end);
            if (length == 0 && place == '-')
                return 0;
            end += length;
            continue;
        }
        if (end >= text.size() || !fits(place, text[end]) || !compact.add(text[end]))
            return 0;
        ++end;
    }
    return end - at;
}

std::size_t longest_of_shape(std::string_view shape) {
    const auto separators =
        static_cast<std::size_t>(std::count_if(shape.begin(), shape.end(), is_separator_place));
    return shape.size() - separators + separators * kLongestSeparator;
}

}  // namespace tidegate::guardrails
