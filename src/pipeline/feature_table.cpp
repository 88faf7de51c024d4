#include <tidegate/pipeline/feature_table.h>

#include <algorithm>

namespace tidegate::pipeline {

const Feature* FeatureTable::find(std::string_view name) const {
    const auto found = features.find(name);
    return found == features.end() ? nullptr : &found->second;
}

std::optional<std::size_t> FeatureTable::find_direct(std::string_view model) const {
    if (direct == nullptr)
        return std::nullopt;
    const std::vector<std::string>& variants = direct->flag.variants;
    const auto found = std::find(variants.begin(), variants.end(), model);
    if (found == variants.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - variants.begin());
}

}  // namespace tidegate::pipeline
