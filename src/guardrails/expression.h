// Regular expressions of RE2: linear in the text, whatever the pattern.
#pragma once

#include "guardrails/pattern_check.h"

#include <tidegate/base/result.h>

#include <string>

namespace tidegate::guardrails {

// Finds any of the patterns; the earlier one counts where two match at one place. `category` outlives it.
// Errors
// (`invalid_input`) say what is wrong with a pattern, or with all of them together.
Result<std::unique_ptr<const Finder>> make_expression_finder(const std::vector<std::string>& patterns,
                                                             std::string_view category);

// The same checks of one pattern, so that its place can be told: that RE2 takes it; and that it does not match
// the empty text.
Result<void> check_syntax(const std::string& pattern);
Result<void> check_expression(const std::string& pattern);

}  // namespace tidegate::guardrails
