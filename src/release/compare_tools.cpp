#include "release/compare_tools.h"

#include "release/json_leaves.h"

#include <algorithm>

namespace tidegate::release {
namespace {

// More calls than any model makes at once; each is compared with each.
constexpr std::size_t kMostCalls = 64;

using Calls = std::vector<dialect::DecodedToolCall>;

bool same_call(const dialect::DecodedToolCall& a, const dialect::DecodedToolCall& b,
               double minimum_similarity) {
    if (a.name != b.name)
        return false;
    if (a.arguments == b.arguments)
        return true;
    const auto left = json_leaves(a.arguments);
    const auto right = json_leaves(b.arguments);
    return left && right && leaf_similarity(*left, *right, same_value, minimum_similarity) == 1;
}

}  // namespace

std::optional<events::Comparison> compare_tool_calls(const dialect::DecodedAnswer& live,
                                                     const dialect::DecodedAnswer& other,
                                                     const CompareOptions& options) {
    const std::size_t most = std::max(live.tools.size(), other.tools.size());
    if (most == 0)
        return std::nullopt;
    std::size_t matched = 0;
    std::vector<bool> taken(other.tools.size());
    for (std::size_t i = 0; i < std::min(live.tools.size(), kMostCalls); ++i) {
        for (std::size_t k = 0; k < std::min(other.tools.size(), kMostCalls); ++k) {
            if (taken[k] || !same_call(live.tools[i], other.tools[k], options.minimum_similarity))
                continue;
            taken[k] = true;
            ++matched;
            break;
        }
    }
    events::Comparison comparison;
    comparison.similarity = static_cast<double>(matched) / static_cast<double>(most);
    comparison.agrees = matched == most;
    return comparison;
}

}  // namespace tidegate::release
