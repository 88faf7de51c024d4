#include <tidegate/pipeline/feature_table.h>

namespace tidegate::pipeline {

const Feature* FeatureTable::find(std::string_view name) const {
    const auto found = features.find(name);
    return found == features.end() ? nullptr : &found->second;
}

}  // namespace tidegate::pipeline
