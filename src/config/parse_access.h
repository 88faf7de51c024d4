// What `access` has to do with the rest of the configuration.
#pragma once

#include "config/parse_features.h"

#include <tidegate/access/options.h>
#include <tidegate/pipeline/feature_table.h>
#include <tidegate/yaml/cursor.h>

#include <memory>

namespace tidegate::config {

// Whether there are the features and models that `access.keys` name.
void check_references(const yaml::Cursor& keys, const pipeline::FeatureTable& table, const Models& models);

// The feature `direct`: a variant for each model that a key names. Null if none does. `at` is
// `features.direct`, present or not.
std::shared_ptr<const pipeline::Feature> parse_direct(const yaml::Cursor& at, const access::Options& access,
                                                      const FeatureReferences& references);

}  // namespace tidegate::config
