#include "config/content_hash.h"

#include <tidegate/guardrails/guardrail.h>
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

}  // namespace

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

}  // namespace tidegate::config
