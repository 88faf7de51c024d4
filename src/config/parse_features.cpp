#include "config/parse_features.h"

#include "config/names.h"
#include "config/parse_chains.h"
#include "config/parse_variant.h"

#include <tidegate/http/header_lines.h>
#include <tidegate/metrics/metrics.h>

#include <algorithm>

namespace tidegate::config {
namespace {

using pipeline::ChainEntry;
using pipeline::Feature;
using pipeline::FeatureVariant;

std::string header_lines_of(const std::string& feature, const calls::Variant& variant) {
    std::string lines;
    http::append_header_line(lines, "x-tidegate-feature", feature);
    http::append_header_line(lines, "x-tidegate-variant", variant.name);
    http::append_header_line(lines, "x-tidegate-model", variant.model->name);
    if (!variant.prompt_name.empty())
        http::append_header_line(lines, "x-tidegate-prompt", variant.prompt_name);
    return lines;
}

void refuse_keys_that_come_later(const yaml::Cursor& at) {
    at["cache"].present();   // see parse_caches
    at["shadow"].present();  // see parse_shadows
    at.later("canary", "comes with canaries");
    at.later("changes", "comes with overrides");
    at.later("evaluation", "comes with evaluation");
}

// Returns the names of all variants that are written, also of those that could not be made.
std::vector<std::string> parse_variants(const yaml::Cursor& at, const VariantReferences& references,
                                        metrics::Metrics& metrics, Feature& feature) {
    std::vector<std::string> written;
    const yaml::Cursor variants = at["variants"];
    variants.required();
    if (variants.is_map() && variants.size() == 0)
        variants.problem("needs at least one variant");
    variants.each_entry([&](const std::string& name, const yaml::Cursor& entry) {
        check_entry_name(entry, name);
        written.push_back(name);
        auto variant = parse_variant(name, entry, references);
        if (!variant)
            return;
        feature.variants.push_back(make_feature_variant(feature.name, std::move(*variant), metrics));
    });
    return written;
}

void parse_chains(const yaml::Cursor& at, const std::vector<std::string>& written, const Outbound& outbound,
                  Feature& feature) {
    ChainEntries entries(written, feature.variants, outbound);
    entries.parse_answers(at["answers"]);
    for (std::size_t i = 0; i < feature.variants.size(); ++i) {
        const std::string& name = feature.variants[i].variant.name;
        feature.chains.push_back(entries.chain_of(i, at["variants"][name]["fallback"]));
    }
    feature.at_ceiling = entries.ceiling_list(at["budget"]["at_ceiling"]);
}

dialect::Operation guess_operation(const Feature& feature) {
    const bool embeds = !feature.variants.empty() &&
                        std::all_of(feature.variants.begin(), feature.variants.end(),
                                    [](const FeatureVariant& entry) { return entry.variant.model->embeds(); });
    return embeds ? dialect::Operation::embeddings : dialect::Operation::chat;
}

std::optional<double> parse_low_confidence(const yaml::Cursor& at) {
    if (!at)
        return std::nullopt;
    const double least = at["mean_logprob_below"].number(-100, 0);
    at.finish();
    return least;
}

bool has_weights(const flags::Flag& flag) {
    return !flag.serve.is_fixed() || std::any_of(flag.rules.begin(), flag.rules.end(),
                                                 [](const auto& rule) { return !rule.serve.is_fixed(); });
}

// Vectors of two models have nothing to do with one another.
void check_embeddings(const yaml::Cursor& at, const Feature& feature) {
    if (feature.operation != dialect::Operation::embeddings)
        return;
    for (const FeatureVariant& entry : feature.variants) {
        if (!entry.variant.prompt_name.empty())
            at["variants"].problem("an embedding feature takes no prompt");
    }
    for (std::size_t i = 0; i < feature.chains.size(); ++i) {
        for (const ChainEntry& entry : feature.chains[i]) {
            const bool same = entry.variant && feature.variants[*entry.variant].variant.model ==
                                                   feature.variants[i].variant.model;
            if (!same)
                at["variants"].problem("an embedding feature takes no fallback to another model or to a text");
        }
    }
    for (const ChainEntry& entry : feature.at_ceiling) {
        if (entry.variant || std::holds_alternative<pipeline::StaleAnswer>(entry.answer) ||
            std::holds_alternative<pipeline::Reject>(entry.answer))
            continue;
        at["budget"]["at_ceiling"].problem("an embedding feature takes no texts: only `cache` and `reject`");
    }
    if (has_weights(feature.flag))
        at["serve"].problem("an embedding feature takes no weights: vectors of two models do not mix");
}

Feature parse_feature(const std::string& name, const yaml::Cursor& at, const FeatureReferences& references) {
    metrics::Metrics& metrics = references.metrics;
    Feature feature;
    feature.name = name;
    refuse_keys_that_come_later(at);
    const std::vector<std::string> written = parse_variants(at, references.variants, metrics, feature);
    parse_chains(at, written, references.outbound, feature);
    feature.account = parse_budget(at["budget"], name, references.accounts);
    feature.operation = at["operation"].choice<dialect::Operation>(
        {{"chat", dialect::Operation::chat}, {"embeddings", dialect::Operation::embeddings}},
        guess_operation(feature));
    feature.client_system = at["client_system"].choice<pipeline::ClientSystem>(
        {{"append", pipeline::ClientSystem::append}, {"forbid", pipeline::ClientSystem::forbid}},
        pipeline::ClientSystem::append);
    parse_feature_timeouts(at["timeout"], feature);
    feature.least_mean_logprob = parse_low_confidence(at["low_confidence"]);
    feature.flag = flags::parse_flag(at, feature.name, written);
    feature.unassigned = &metrics.cohort_unassigned(feature.name);
    at.finish();
    check_embeddings(at, feature);
    return feature;
}

}  // namespace

pipeline::FeatureVariant make_feature_variant(const std::string& feature, calls::Variant variant,
                                              metrics::Metrics& metrics) {
    FeatureVariant made;
    made.header_lines = header_lines_of(feature, variant);
    made.series =
        &metrics.request_series(feature, variant.name, variant.model->name, variant.model->provider->name);
    made.variant = std::move(variant);
    return made;
}

void parse_feature_timeouts(const yaml::Cursor& at, pipeline::Feature& feature) {
    feature.total = at["total"].duration(feature.total);
    feature.attempt = at["attempt"].optional_duration();
    feature.first_token = at["first_token"].optional_duration();
    at.finish();
    if (feature.attempt && *feature.attempt > feature.total)
        at["attempt"].problem("is longer than total");
}

void parse_features(const yaml::Cursor& features, const FeatureReferences& references,
                    pipeline::FeatureTable& table) {
    const Models& models = references.variants.models;
    features.each_entry([&](const std::string& name, const yaml::Cursor& at) {
        if (name == kDirect)
            return;  // see parse_direct
        check_name(at, name);
        if (is_reserved(name))
            at.problem("is a reserved name");
        if (models.contains(name))
            at.problem("is the name of a model already; features and models have different names");
        table.features.emplace(name, parse_feature(name, at, references));
    });
    table.models = models;
}

}  // namespace tidegate::config
