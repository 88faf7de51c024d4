// JSON objects in request headers: `x-tidegate-metadata` and `x-tidegate-variables`.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/flags/attributes.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::pipeline {

// A flat object of strings, numbers and booleans, written in ASCII or, behind "b64:", as base64url of UTF-8.
// `header` names it in messages. invalid_input: anything else, or a name that occurs twice.
Result<std::vector<std::pair<std::string, flags::AttributeValue>>> parse_header_object(std::string_view header,
                                                                                       std::string_view value);

}  // namespace tidegate::pipeline
