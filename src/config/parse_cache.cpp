#include "config/parse_cache.h"

#include <tidegate/base/digest.h>
#include <tidegate/guardrails/guardrail.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/upstream/endpoint.h>

#include <fmt/format.h>

namespace tidegate::config {
namespace {

std::string text_of(const yaml::Cursor& at) {
    return at ? at.json(yaml::Secrets::shown) : std::string();
}

// Its definition and the file of its schema, if it has one.
std::string guardrail_text(const yaml::Cursor& guardrails, const std::string& name) {
    const yaml::Cursor at = guardrails[name];
    return text_of(at) + (at.has("schema") ? at["schema"].file_content().value_or("") : std::string());
}

// As written, with what its names stand for. Two variants that say the same in another order differ, which
// costs a call and no more.
Digest content_hash(const yaml::Cursor& root, const yaml::Cursor& feature, const calls::Variant& variant) {
    const calls::Model& model = *variant.model;
    const calls::Provider& provider = *model.provider;
    std::string text = text_of(feature["variants"][variant.name]);
    text += fmt::format("\n{} {} {} {}", model.id, model.max_output, model.quirks.bits, provider.name);
    text += fmt::format("\n{} {} {}\n{}", dialect::to_string(provider.format), provider.endpoint->authority(),
                        provider.endpoint->path_prefix(), provider.endpoint->header_lines());
    text += fmt::format("\n{} {}\n{}", variant.prompt_name, variant.prompt_hash,
                        feature.has("low_confidence") ? text_of(feature["low_confidence"]) : "");
    for (const auto& guardrail : variant.guardrails)
        text += "\n" + guardrail_text(root["guardrails"], guardrail->name);
    return digest_of(text);
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
            entry.content_hash = content_hash(root, at, entry.variant);
    }
}

}  // namespace tidegate::config
