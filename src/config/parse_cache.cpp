#include "config/parse_cache.h"

#include "config/content_hash.h"

#include <tidegate/metrics/metrics.h>
#include <tidegate/upstream/endpoint.h>

namespace tidegate::config {

namespace {

// Another credential may be another account, which may have other models behind the same names.
Digest cached_content(const yaml::Cursor& root, const yaml::Cursor& feature, const calls::Variant& variant) {
    return digest_of(to_hex(content_hash(root, feature, variant)) +
                     variant.model->provider->endpoint->header_lines());
}

}  // namespace

void parse_caches(const yaml::Cursor& root, metrics::Metrics& metrics, pipeline::FeatureTable& table) {
    for (auto& [name, feature] : table.features) {
        const yaml::Cursor at = root["features"][name];
        if (!at.has("cache"))
            continue;
        feature.cache = cache::parse_policy(at["cache"]);
        feature.cache_series = &metrics.cache(name);
        for (pipeline::FeatureVariant& entry : feature.variants)
            entry.content_hash = cached_content(root, at, entry.variant);
    }
}

}  // namespace tidegate::config
