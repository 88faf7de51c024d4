#include "config/parse_cache.h"

#include "config/content_hash.h"

#include <tidegate/metrics/metrics.h>

namespace tidegate::config {

void parse_caches(const yaml::Cursor& root, metrics::Metrics& metrics, pipeline::FeatureTable& table) {
    for (auto& [name, feature] : table.features) {
        const yaml::Cursor at = root["features"][name];
        if (!at.has("cache"))
            continue;
        feature.cache = cache::parse_policy(at["cache"]);
        feature.cache_series = &metrics.cache(name);
        for (pipeline::FeatureVariant& entry : feature.variants)
            entry.content_hash = content_hash(root, at, entry.variant);
    }
}

}  // namespace tidegate::config
