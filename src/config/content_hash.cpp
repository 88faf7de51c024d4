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

// Without credentials, which are replaced now and then. A simulator listens at another port each time.
std::string address_text(const yaml::Cursor& providers, const calls::Provider& provider) {
    const yaml::Cursor at = providers[provider.name];
    if (at.has("dialect") && at["dialect"].optional_text() == "simulator")
        return text_of(at["simulator"]);
    const std::string headers = at.has("headers") ? at["headers"].json(yaml::Secrets::redacted) : std::string();
    return fmt::format("{} {} {}", provider.endpoint->authority(), provider.endpoint->path_prefix(), headers);
}

}  // namespace

Digest content_hash(const yaml::Cursor& root, const yaml::Cursor& feature, const calls::Variant& variant) {
    const calls::Model& model = *variant.model;
    const calls::Provider& provider = *model.provider;
    std::string text = text_of(feature["variants"][variant.name]);
    text += fmt::format("\n{} {} {} {}", model.id, model.max_output, model.quirks.bits, provider.name);
    text +=
        fmt::format("\n{} {}", dialect::to_string(provider.format), address_text(root["providers"], provider));
    text += fmt::format("\n{} {}\n{}", variant.prompt_name, variant.prompt_hash,
                        feature.has("low_confidence") ? text_of(feature["low_confidence"]) : "");
    for (const auto& guardrail : variant.guardrails)
        text += "\n" + guardrail_text(root["guardrails"], guardrail->name);
    return digest_of(text);
}

}  // namespace tidegate::config
