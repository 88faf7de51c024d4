// The key `cache` of features: what is kept, for how long and for whom.
#pragma once

#include <tidegate/pipeline/feature_table.h>
#include <tidegate/yaml/cursor.h>

namespace tidegate::metrics {
class Metrics;
}

namespace tidegate::config {

// Of every feature of `table`, which was read from `root` before.
void parse_caches(const yaml::Cursor& root, metrics::Metrics& metrics, pipeline::FeatureTable& table);

}  // namespace tidegate::config
