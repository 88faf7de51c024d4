// Small helpers for text that the standard library lacks.
#pragma once

#include <string>
#include <string_view>

namespace tidegate {

namespace text_detail {
bool same_letters(std::string_view a, std::string_view b);
}

// ASCII only, as header names are. Inline, because most names that are looked for differ in length or in their
// first letter.
inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           (a.empty() || (((a.front() ^ b.front()) & ~0x20) == 0 && text_detail::same_letters(a, b)));
}
inline bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}
std::string to_lower(std::string_view text);
// Without leading and trailing spaces and tabs.
std::string_view trim(std::string_view text);

// Names become header values, labels of metrics and parts of URLs: 1 to 128 letters, digits, `_`, `-` and `.`;
// `more` are further characters that are allowed.
constexpr std::size_t kLongestName = 128;
bool is_name(std::string_view text, std::string_view more = {});

// Appends `text` as a JSON string with its quotes. `text` should be UTF-8; invalid bytes become U+FFFD, so that
// the result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

// The longest prefix of at most `bytes` bytes that does not cut a UTF-8 character.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes);

}  // namespace tidegate
