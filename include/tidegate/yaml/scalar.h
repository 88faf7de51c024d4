// The spellings of times, sizes and shares in configuration and on the command line. Pure functions.
#pragma once

#include <tidegate/base/clock.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace tidegate::yaml {

// An optional sign and decimal digits without leading zeros.
std::optional<std::int64_t> parse_integer(std::string_view text);

// A finite number in JSON's spelling: no leading zeros, no `.5`, no `1.`, no hexadecimal, no `nan`.
std::optional<double> parse_number(std::string_view text);

// A whole number and one of ms, s, m, h, d. At most ten years.
std::optional<Duration> parse_duration(std::string_view text);

// A whole number and one of B, KiB, MiB, GiB, TiB.
std::optional<std::uint64_t> parse_byte_size(std::string_view text);

// A number with at most two decimals, with or without `%`, in hundredths of a percent: "0.25%" is 25. Not
// negative.
std::optional<int> parse_percent(std::string_view text);

}  // namespace tidegate::yaml
