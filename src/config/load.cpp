#include "config/names.h"
#include "config/parse_access.h"
#include "config/parse_budget.h"
#include "config/parse_cache.h"
#include "config/parse_features.h"
#include "config/parse_models.h"
#include "config/parse_server.h"
#include "config/parse_shadow.h"

#include <tidegate/base/digest.h>
#include <tidegate/config/snapshot.h>
#include <tidegate/events/options.h>
#include <tidegate/guardrails/guardrail.h>
#include <tidegate/guardrails/parse.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/shadow_options.h>
#include <tidegate/prompts/registry.h>
#include <tidegate/yaml/document.h>

namespace tidegate::config {
namespace {

// Of the configuration as it would be printed: the same for equal configurations, and no secret goes in.
std::string hash_of(std::string_view json) {
    constexpr std::size_t kDigits = 16;
    return to_hex(digest_of(json)).substr(0, kDigits);
}

void refuse_what_comes_later(const yaml::Cursor& root) {
    root.later("evaluation", "comes with evaluation");
    root.later("scorers", "come with evaluation");
    root.later("alerts", "come with alerts");
}

void check_admin(const yaml::Cursor& root, const Snapshot& snapshot) {
    if (auto checked = admin::check(snapshot.admin, snapshot.fixed.admin); !checked)
        root["admin"].problem(checked.error().message);
}

guardrails::ParseContext guardrail_context(const Models& models, const Outbound& outbound,
                                           const Context& context) {
    guardrails::ParseContext made;
    made.models = names_of(models);
    made.outbound.allow_private = outbound.allow_private;
    made.outbound.ca_file = outbound.ca_file;
    made.outbound.proxy = outbound.proxy;
    made.client = context.client;
    made.ask_model = context.ask_model;
    return made;
}

Duration longest_call(const pipeline::FeatureTable& table) {
    Duration longest = table.direct != nullptr ? table.direct->total : Duration::zero();
    for (const auto& [name, feature] : table.features) {
        longest = std::max(longest, feature.total);
        if (feature.shadow)
            longest = std::max(longest, feature.shadow->timeout);
    }
    return longest;
}

std::vector<upstream::EndpointKey> endpoints_of(const Providers& providers,
                                                const guardrails::Guardrails& guardrails,
                                                const pipeline::FeatureTable& table) {
    std::vector<upstream::EndpointKey> keys = guardrails.endpoints;
    for (const auto& [name, provider] : providers) {
        if (provider)
            keys.push_back(provider->endpoint->key());
    }
    const auto add_hooks = [&keys](const std::vector<pipeline::ChainEntry>& chain) {
        for (const pipeline::ChainEntry& entry : chain) {
            if (const auto* hook = std::get_if<pipeline::HttpAnswer>(&entry.answer))
                keys.push_back(hook->target.endpoint->key());
        }
    };
    for (const auto& [name, feature] : table.features) {
        for (const auto& chain : feature.chains) add_hooks(chain);
        add_hooks(feature.at_ceiling);
    }
    return keys;
}

std::unique_ptr<Snapshot> parse(const yaml::Cursor& root, yaml::Problems& problems, const Context& context) {
    auto snapshot = std::make_unique<Snapshot>();
    auto features = std::make_shared<pipeline::FeatureTable>();
    refuse_what_comes_later(root);
    root["include"].present();

    const Server server = parse_server(root);
    snapshot->fixed = server.fixed;
    snapshot->fixed.cache = cache::parse_options(root["cache"]);
    snapshot->listener = server.listener;
    snapshot->drain = server.drain;
    snapshot->log = parse_log(root["log"]);
    snapshot->admin = admin::parse_options(root["admin"]);
    check_admin(root, *snapshot);
    snapshot->recorder = events::parse_recorder_options(root["records"], root["events"]);

    const Outbound outbound = parse_outbound(root["outbound"]);
    snapshot->simulators = parse_simulators(root["providers"]);
    // Nothing is started for a configuration that is going to be refused.
    const SimulatorAddresses addresses =
        problems.has_errors() ? SimulatorAddresses{} : context.start_simulators(snapshot->simulators);
    const Providers providers = parse_providers(root["providers"], outbound, addresses, context.limits);
    const Models models = parse_models(root["models"], providers, context);

    const yaml::Cursor prompts_at = root["prompts"];
    auto served = context.served_hashes(snapshot->fixed.store_url);
    if (!served)
        root["store"]["url"].problem(served.error().message);
    const auto prompts = prompts::Registry::load(prompts_at["directory"],
                                                 served ? *served : std::map<std::string, std::string>{},
                                                 context.prompts.get(), problems);
    snapshot->prompts = prompts;
    prompts_at.finish();
    features->segments = parse_segments(root["segments"]);
    features->heartbeat = server.heartbeat;
    features->redact_content = snapshot->recorder.redacted;
    features->max_content = snapshot->recorder.log.content ? snapshot->recorder.max_content : 0;
    Accounts accounts(context);
    guardrails::Guardrails guardrails =
        guardrails::parse_guardrails(root["guardrails"], guardrail_context(models, outbound, context));
    for (const auto& [name, guardrail] : guardrails.by_name) check_name(root["guardrails"][name], name);
    const FeatureReferences references{
        .variants = {.models = models, .prompts = *prompts, .guardrails = guardrails},
        .outbound = outbound,
        .accounts = accounts,
        .metrics = context.metrics};
    parse_features(root["features"], references, *features);
    parse_caches(root, context.metrics, *features);
    parse_shadows(root, context, accounts, server.listener.limits.in_flight, *features,
                  snapshot->shadow_thresholds);
    access::Options access = access::parse_options(root["access"], snapshot->fixed.listen);
    check_references(root["access"]["keys"], *features, models);
    features->direct = parse_direct(root["features"][kDirect], access, references);
    features->key_accounts = open_key_accounts(access, accounts);
    features->anonymous = access.anonymous;
    features->keys = access::KeyRing(std::move(access.keys), context.limits.keys);
    root.finish();

    accounts.warn_of_unlimited(root["features"]);
    snapshot->accounts = accounts.take_settings();
    snapshot->longest_call = longest_call(*features);
    snapshot->endpoints = endpoints_of(providers, guardrails, *features);
    snapshot->json = root.json(yaml::Secrets::redacted);
    features->config_hash = hash_of(snapshot->json);
    snapshot->features = std::move(features);
    return snapshot;
}

}  // namespace

Loaded load(const std::string& path, const Context& context) {
    Loaded loaded;
    yaml::Document document = yaml::load(path, loaded.problems);
    std::unique_ptr<Snapshot> snapshot;
    if (document.complete())
        snapshot = parse(document.root(), loaded.problems, context);
    if (!loaded.problems.has_errors())
        loaded.snapshot = std::move(snapshot);
    loaded.files = document.files();
    loaded.patterns = document.include_patterns();
    return loaded;
}

}  // namespace tidegate::config
