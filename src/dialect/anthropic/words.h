// Anthropic's words for what every format knows.
#pragma once

#include <tidegate/dialect/format.h>
#include <tidegate/dialect/usage.h>

#include <string>
#include <string_view>

namespace tidegate::dialect::anthropic {

Finish read_finish(std::string_view reason);
std::string_view write_finish(Finish finish);
void append_usage(std::string& out, const Usage& usage);

}  // namespace tidegate::dialect::anthropic
