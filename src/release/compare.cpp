#include "release/compare_json.h"
#include "release/compare_text.h"
#include "release/compare_tools.h"

#include <tidegate/release/compare.h>

#include <algorithm>
#include <array>

namespace tidegate::release {
namespace {

// A new way of comparing is one line here.
constexpr std::array kComparators{
    Comparator{"exact", compare_exact},
    Comparator{"normalised_text", compare_normalised_text},
    Comparator{"token_similarity", compare_tokens},
    Comparator{"json_structure", compare_json_structure},
    Comparator{"json_values", compare_json_values},
    Comparator{"tool_calls", compare_tool_calls},
};

const events::Comparison* find(const std::vector<events::Comparison>& comparisons, std::string_view name) {
    const auto found = std::ranges::find(comparisons, name, &events::Comparison::comparator);
    return found == comparisons.end() ? nullptr : &*found;
}

bool decide(const std::vector<events::Comparison>& comparisons) {
    for (const std::string_view name : {"tool_calls", "json_values", "token_similarity"}) {
        if (const events::Comparison* comparison = find(comparisons, name))
            return comparison->agrees;
    }
    return false;
}

}  // namespace

std::span<const Comparator> comparators() {
    return kComparators;
}

Compared compare(const dialect::DecodedAnswer& live, const dialect::DecodedAnswer& other,
                 const CompareOptions& options) {
    Compared compared;
    for (const Comparator& comparator : kComparators) {
        auto comparison = comparator.compare(live, other, options);
        if (!comparison)
            continue;
        comparison->comparator = comparator.name;
        compared.comparisons.push_back(std::move(*comparison));
    }
    compared.agree = decide(compared.comparisons);
    return compared;
}

}  // namespace tidegate::release
