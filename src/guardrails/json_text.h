// JSON from outside, read strictly.
#pragma once

#include <tidegate/base/result.h>

#include <string_view>

#include <nlohmann/json.hpp>

namespace tidegate::guardrails {

// One JSON text with nothing behind it: no name twice in an object (readers disagree about which one counts),
// at most 64 levels. A number without a fraction (1.0) becomes an integer, as JSON Schema has it. Errors are
// `malformed`.
Result<void> parse_json_text(std::string_view text, nlohmann::json& json);

}  // namespace tidegate::guardrails
