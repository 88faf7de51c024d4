// How short and how long a match of a regular expression may be.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>

namespace tidegate::guardrails {

struct MatchWidth {
    static constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

    std::size_t least = 0;  // bytes of UTF-8; never more than the shortest match
    std::size_t most = 0;   // never less than the longest match
};

// Of a pattern that RE2 has taken with its default options. RE2 keeps its parsed form to itself, so this reads
// the pattern once more, and only as far as lengths need. Nothing if it finds a construct that it does not
// know.
std::optional<MatchWidth> match_width(std::string_view pattern);

}  // namespace tidegate::guardrails
