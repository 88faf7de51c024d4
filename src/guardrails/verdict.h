// What somebody who was asked about a text has answered.
#pragma once

#include <tidegate/base/result.h>

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::guardrails {

// Reads `{"flagged": true, "categories": ["hate"]}`; other members are ignored, `categories` may be missing.
// Gives the categories of a flagged text: those that are `known` (the labels of metrics come from the
// configuration), "other" for the rest; "flagged" if it names none, or if `known` is empty. Anything else is an
// error, `malformed`.
Result<std::vector<std::string>> read_verdict(std::string_view json, const std::vector<std::string>& known);

}  // namespace tidegate::guardrails
