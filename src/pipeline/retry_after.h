// When a client should ask again.
#pragma once

#include <tidegate/base/clock.h>

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace tidegate::pipeline {

// The header line: whole seconds, rounded up, at least one.
inline std::string retry_after_line(Duration wait) {
    return fmt::format("retry-after: {}\r\n",
                       std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count()));
}

}  // namespace tidegate::pipeline
