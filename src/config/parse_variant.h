// One variant of a feature: `features.F.variants.V`.
#pragma once

#include "config/parse_models.h"

#include <tidegate/calls/variant.h>
#include <tidegate/guardrails/parse.h>
#include <tidegate/prompts/registry.h>
#include <tidegate/yaml/cursor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::config {

// What variants refer to.
struct VariantReferences {
    const Models& models;
    const prompts::Registry& prompts;
    const guardrails::Guardrails& guardrails;
};

// A list of names of guardrails, in the order in which they run.
std::vector<std::shared_ptr<const guardrails::Guardrail>> parse_guardrail_names(
    const yaml::Cursor& at, const guardrails::Guardrails& guardrails);

// Nothing without a usable model, which has been reported then. Leaves `fallback` to parse_chains.
std::optional<calls::Variant> parse_variant(const std::string& name, const yaml::Cursor& at,
                                            const VariantReferences& references);

}  // namespace tidegate::config
