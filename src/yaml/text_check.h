// What must be known of a YAML text before a parser is let at it.
#pragma once

#include "yaml/node.h"

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::yaml {

struct Refusal {
    Position where;
    std::string message;
};

// Without a byte order mark, and with `\n` as the only line end.
std::string normalize_lines(std::string_view text);

bool is_utf8(std::string_view text);

// Refuses what is not UTF-8, control characters, tabs as indentation, and `[`/`{` nested deeper than
// `max_depth` or with more than `max_nodes` entries in all: the parser reads a whole flow collection ahead,
// before it tells anything of it. A light scanner: it may misjudge odd but valid YAML by a level, never by
// many.
std::optional<Refusal> check_text(std::string_view text, std::size_t max_depth, std::size_t max_nodes);

}  // namespace tidegate::yaml
