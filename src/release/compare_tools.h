// The comparator of tool calls. It applies where either answer calls a tool.
#pragma once

#include <tidegate/release/compare.h>

namespace tidegate::release {

// The same tools with the same arguments, in any order.
std::optional<events::Comparison> compare_tool_calls(const dialect::DecodedAnswer& live,
                                                     const dialect::DecodedAnswer& other,
                                                     const CompareOptions& options);

}  // namespace tidegate::release
