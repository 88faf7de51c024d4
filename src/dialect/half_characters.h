// Characters beyond U+FFFF stand in JSON as two escapes. A stream may cut between them, and then neither event
// is valid JSON to a strict reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::dialect::detail {

inline bool is_high_half(std::uint16_t unit) {
    return unit >= 0xd800 && unit < 0xdc00;
}
inline bool is_low_half(std::uint16_t unit) {
    return unit >= 0xdc00 && unit < 0xe000;
}

// The unit of an escape such as \u0040 at the start of `text`; nullopt if there is none.
std::optional<std::uint16_t> read_escape(std::string_view text);

// What stands for a backslash and this letter other than u: \n is a line end.
char unescape(char letter);

// As UTF-8; a half by itself as U+FFFD.
void append_character(std::string& out, std::uint16_t unit);
void append_pair(std::string& out, std::uint16_t high, std::uint16_t low);

// Writes U+FFFD over each half that stands by itself, in as many bytes; true if there was one. `json` is valid
// JSON but for them.
bool replace_halves(std::string& json);

// A string between its quotes, with halves at its ends kept apart and others as U+FFFD.
struct CutText {
    std::string text = {};
    std::uint16_t low = 0;   // in front
    std::uint16_t high = 0;  // behind
};
CutText read_cut_text(std::string_view inside);

}  // namespace tidegate::dialect::detail
