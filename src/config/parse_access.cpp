#include "config/parse_access.h"

#include "config/names.h"
#include "config/parse_chains.h"

#include <tidegate/metrics/metrics.h>

#include <set>

namespace tidegate::config {
namespace {

// The models that a key names, without those that could not be made.
std::vector<std::shared_ptr<const calls::Model>> direct_models(const access::Options& access,
                                                               const Models& models) {
    std::set<std::string_view> names;
    for (const access::KeyOptions& key : access.keys) names.insert(key.models.begin(), key.models.end());
    std::vector<std::shared_ptr<const calls::Model>> direct;
    for (const std::string_view name : names) {
        const auto model = models.find(name);
        if (model != models.end() && model->second != nullptr)
            direct.push_back(model->second);
    }
    return direct;
}

void add_variant(pipeline::Feature& feature, std::shared_ptr<const calls::Model> model,
                 const std::vector<std::shared_ptr<const guardrails::Guardrail>>& guardrails,
                 metrics::Metrics& metrics) {
    calls::Variant variant;
    variant.guardrails = guardrails;
    variant.name = model->name;
    variant.model = std::move(model);
    feature.chains.push_back({pipeline::ChainEntry{variant.name, feature.variants.size(), {}}});
    feature.flag.variants.push_back(variant.name);
    feature.variants.push_back(make_feature_variant(feature.name, std::move(variant), metrics));
}

}  // namespace

void check_references(const yaml::Cursor& keys, const pipeline::FeatureTable& table, const Models& models) {
    keys.each_item([&](const yaml::Cursor& key) {
        key["features"].each_item([&](const yaml::Cursor& item) {
            const std::optional<std::string> name = item.optional_text();
            if (name == kDirect) {
                item.problem("cannot be named; list the plain models that the key may use under `models`");
            } else if (name && !table.features.contains(*name)) {
                refuse_reference(item, "feature", *name, names_of(table.features));
            }
        });
        key["models"].each_item([&](const yaml::Cursor& item) {
            const std::optional<std::string> name = item.optional_text();
            if (name && !models.contains(*name))
                refuse_reference(item, "model", *name, names_of(models));
        });
    });
}

std::shared_ptr<const pipeline::Feature> parse_direct(const yaml::Cursor& at, const access::Options& access,
                                                      const FeatureReferences& references) {
    auto direct = std::make_shared<pipeline::Feature>();
    direct->name = direct->flag.name = kDirect;
    const auto guardrails = parse_guardrail_names(at["guardrails"], references.variants.guardrails);
    parse_feature_timeouts(at["timeout"], *direct);
    std::vector<std::shared_ptr<const calls::Model>> models = direct_models(access, references.variants.models);
    for (auto& model : models) add_variant(*direct, std::move(model), guardrails, references.metrics);
    const yaml::Cursor budget = at["budget"];
    direct->at_ceiling = ChainEntries(direct->flag.variants, direct->variants, references.outbound)
                             .ceiling_list(budget["at_ceiling"]);
    if (!direct->variants.empty())
        direct->account = parse_budget(budget, direct->name, references.accounts);
    at.finish();
    if (direct->variants.empty()) {
        if (at)
            at.warning("has no effect, because no access key names a model");
        return nullptr;
    }
    // Which variant serves is the model that is named; this default is never asked for.
    direct->flag.serve = flags::Serve({{direct->flag.variants.front(), 0, flags::kTotalWeight, 0}});
    direct->unassigned = &references.metrics.cohort_unassigned(direct->name);
    return direct;
}

}  // namespace tidegate::config
