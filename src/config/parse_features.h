// The key `features`: variants, answers, chains, flag and timeouts of each.
#pragma once

#include "config/parse_models.h"

#include <tidegate/pipeline/feature_table.h>
#include <tidegate/prompts/registry.h>
#include <tidegate/yaml/cursor.h>

namespace tidegate::config {

void parse_features(const yaml::Cursor& features, const Models& models,
                    const std::shared_ptr<const prompts::Registry>& prompts, const Context& context,
                    pipeline::FeatureTable& table);

}  // namespace tidegate::config
