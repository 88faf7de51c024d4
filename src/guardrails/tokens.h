// Things that are recognised from where they begin: numbers, keys, addresses. One pass over the text for all.
#pragma once

#include "guardrails/pattern_check.h"

#include <functional>

namespace tidegate::guardrails {

// ASCII only: digits and letters of other scripts are none. Here, because they are asked for each byte of a
// text.
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_letter_or_digit(char c) {
    return is_digit(c) || is_letter(c);
}
constexpr char to_upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

// Bytes before or behind a token that decide about it.
inline constexpr std::size_t kTokenContext = 2;

// Whether a token may begin at `at`: not within a word. The letter of an escape (`\n` as two characters) is
// none.
bool token_starts(std::string_view text, std::size_t at);
// Whether a token may end before `end`.
bool token_ends(std::string_view text, std::size_t end);
// The same for numbers, which are not part of a longer one either: `1.23`, `1-23`.
bool number_starts(std::string_view text, std::size_t at);
bool number_ends(std::string_view text, std::size_t end);

// The bytes of the character at `at` if it separates groups of a number: a space, `-`, `.`, `/`, or one of
// typography's spaces and hyphens. 0: it is none.
std::size_t separator_length(std::string_view text, std::size_t at);
inline constexpr std::size_t kLongestSeparator = 3;

struct Recogniser {
    std::string_view category;
    std::string_view first;   // the bytes it may begin with
    std::size_t longest = 0;  // bytes, without context
    // The bytes of the token that begins at `at`, 0: none does. Called where a token may begin.
    std::function<std::size_t(std::string_view text, std::size_t at)> length_at;
};

inline constexpr std::string_view kDigits = "0123456789";
inline constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

// Of those that begin at one place the longest counts, then the first in the list. At most 64.
std::unique_ptr<const Finder> make_token_finder(std::vector<Recogniser> recognisers);

}  // namespace tidegate::guardrails
