// Points in time as a person writes them.
#pragma once

#include <tidegate/base/clock.h>

#include <optional>
#include <string_view>

namespace tidegate::admin {

// "2026-11-01", "2026-11-01T12:30", "2026-11-01T12:30:00Z" (or +01:00, with up to nine decimals; UTC without an
// offset), or how long ago: "90s", "30m", "2h", "7d", "4w". Nothing for anything else, or before 1970.
std::optional<WallTime> parse_time(std::string_view text, WallTime now);

}  // namespace tidegate::admin
