// Text from outside (users' ids, models' answers), made harmless for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace tidegate::cli {

enum class Lines { one, many };  // many: line ends and tabs stay

// Control characters, characters that reorder text, and what is not UTF-8 become visible escapes ("\x1b",
// "\u{202e}").
std::string printable(std::string_view text, Lines lines = Lines::one);
// The same for valid JSON, which stays the same JSON ("\u001b").
std::string printable_json(std::string_view json);

// How many columns it takes, roughly: one a character.
std::size_t width_of(std::string_view text);

}  // namespace tidegate::cli
