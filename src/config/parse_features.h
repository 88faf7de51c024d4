// The key `features`: variants, answers, chains, flag and timeouts of each.
#pragma once

#include "config/parse_budget.h"
#include "config/parse_models.h"
#include "config/parse_server.h"
#include "config/parse_variant.h"

#include <tidegate/pipeline/feature_table.h>
#include <tidegate/prompts/registry.h>
#include <tidegate/yaml/cursor.h>

namespace tidegate::config {

// The feature of plain models that access keys name; it has no variants of its own.
constexpr std::string_view kDirect = "direct";

// What features refer to.
struct FeatureReferences {
    VariantReferences variants;
    const Outbound& outbound;
    Accounts& accounts;
    metrics::Metrics& metrics;
};

void parse_features(const yaml::Cursor& features, const FeatureReferences& references,
                    pipeline::FeatureTable& table);

// A variant with what is worked out of it once: its headers and its metrics.
pipeline::FeatureVariant make_feature_variant(const std::string& feature, calls::Variant variant,
                                              metrics::Metrics& metrics);
// `features.F.timeout`.
void parse_feature_timeouts(const yaml::Cursor& at, pipeline::Feature& feature);

}  // namespace tidegate::config
