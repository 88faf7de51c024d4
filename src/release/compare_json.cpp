#include "release/compare_json.h"

#include "release/json_leaves.h"

namespace tidegate::release {
namespace {

std::optional<events::Comparison> compare_leaves(const dialect::DecodedAnswer& live,
                                                 const dialect::DecodedAnswer& other,
                                                 bool (*same)(const JsonLeaf&, const JsonLeaf&, double),
                                                 double minimum_similarity) {
    const auto live_leaves = json_leaves(live.text);
    const auto other_leaves = json_leaves(other.text);
    if (!live_leaves && !other_leaves)
        return std::nullopt;
    events::Comparison comparison;
    if (live_leaves && other_leaves)
        comparison.similarity = leaf_similarity(*live_leaves, *other_leaves, same, minimum_similarity);
    comparison.agrees = comparison.similarity == 1;
    return comparison;
}

}  // namespace

std::optional<events::Comparison> compare_json_structure(const dialect::DecodedAnswer& live,
                                                         const dialect::DecodedAnswer& other,
                                                         const CompareOptions& options) {
    return compare_leaves(live, other, same_kind, options.minimum_similarity);
}

std::optional<events::Comparison> compare_json_values(const dialect::DecodedAnswer& live,
                                                      const dialect::DecodedAnswer& other,
                                                      const CompareOptions& options) {
    return compare_leaves(live, other, same_value, options.minimum_similarity);
}

}  // namespace tidegate::release
