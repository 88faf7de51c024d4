// The key `shadow` of features: what the shadow lane runs, and what its verdict is held against.
#pragma once

#include "config/parse_budget.h"

#include <tidegate/config/snapshot.h>
#include <tidegate/yaml/cursor.h>

#include <cstddef>

namespace tidegate::config {

// Of every feature of `table`, which was read from `root` before. `in_flight` is the limit of the process.
void parse_shadows(const yaml::Cursor& root, const Context& context, Accounts& accounts, std::size_t in_flight,
                   pipeline::FeatureTable& table, ShadowThresholds& thresholds);

}  // namespace tidegate::config
