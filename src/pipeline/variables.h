// The prompt variables of a request.
#pragma once

#include <tidegate/dialect/request_view.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::pipeline {

using HeaderVariables = std::vector<std::pair<std::string, std::string>>;

// The header's go over the body's. Lives as long as both.
std::optional<std::string_view> find_variable(const HeaderVariables& of_header,
                                              const dialect::RequestView& view, std::string_view name);

}  // namespace tidegate::pipeline
