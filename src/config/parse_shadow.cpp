#include "config/parse_shadow.h"

#include "config/content_hash.h"
#include "config/names.h"
#include "config/parse_models.h"

#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/shadow_options.h>

namespace tidegate::config {
namespace {

constexpr double kHundredths = 10'000;  // a percentage is written in hundredths of a percent
constexpr std::int64_t kMostRuns = 10'000;
constexpr NanoDollars kMonthly{50'000'000'000};

// The same model with limits of the lanes' own. No provider has a slash in its name.
std::shared_ptr<const calls::Model> model_of_lane(const calls::Model& model, calls::ProcessLimits& limits) {
    auto provider = std::make_shared<calls::Provider>(*model.provider);
    const std::string name = "shadow/" + provider->name;
    provider->concurrency = &limits.concurrency.of(name);
    provider->retry_budget = &limits.retry_budget(name);
    auto made = std::make_shared<calls::Model>(model);
    made->provider = std::move(provider);
    made->breaker = &limits.breakers.of(name, model.name);
    made->series = nullptr;
    return made;
}

// Reads the lane of one feature.
class ShadowParser {
  public:
    ShadowParser(const yaml::Cursor& root, const std::string& feature, const Context& context)
        : root_(root), feature_at_(root["features"][feature]), at_(feature_at_["shadow"]), context_(context) {}

    std::shared_ptr<const pipeline::ShadowOptions> parse(const pipeline::Feature& feature,
                                                         std::size_t in_flight, Accounts& accounts,
                                                         const Models& lane_models) {
        auto options = std::make_shared<pipeline::ShadowOptions>();
        const bool found = find_candidate(feature, *options);
        options->sample = at_["sample"].percent_or(options->sample);
        options->noise_sample = at_["noise_sample"].percent_or(options->noise_sample);
        options->timeout = at_["timeout"].duration(options->timeout);
        options->concurrent = static_cast<int>(at_["concurrent"].integer(1, kMostRuns, options->concurrent));
        options->minimum_similarity =
            at_["minimum_similarity"].percent_or(static_cast<int>(options->minimum_similarity * kHundredths)) /
            kHundredths;
        options->account = open_account(feature.name, accounts);
        if (in_flight > 0)
            options->busy_calls = in_flight / 2;
        options->running = &context_.limits.concurrency.of("shadow-lane/" + feature.name);
        if (feature.operation == dialect::Operation::embeddings)
            at_.problem("an embedding feature has no shadow lane: vectors of two models are not comparable");
        if (!found)
            return nullptr;
        add_variants(feature, lane_models, *options);
        return options;
    }

    release::ShadowThresholds thresholds() {
        release::ShadowThresholds thresholds = release::parse_shadow_thresholds(at_);
        at_.finish();
        return thresholds;
    }

  private:
    bool find_candidate(const pipeline::Feature& feature, pipeline::ShadowOptions& options) {
        const std::string name = at_["variant"].text();
        std::vector<std::string_view> known;
        for (std::size_t i = 0; i < feature.variants.size(); ++i) {
            known.emplace_back(feature.variants[i].variant.name);
            if (known.back() != name)
                continue;
            options.candidate = i;
            const flags::Flag& flag = feature.flag;
            if (flag.rules.empty() && !flag.serve.shares().empty() && flag.serve.largest().variant == name &&
                flag.serve.is_fixed())
                at_["variant"].warning("is what everybody is served already: there is nothing to compare");
            return true;
        }
        // One that is written and could not be made has been reported.
        if (!name.empty() && !feature_at_["variants"].has(name))
            refuse_reference(at_["variant"], "variant", name, known);
        return false;
    }

    ledger::Account* open_account(const std::string& feature, Accounts& accounts) {
        ledger::AccountOptions options;
        options.ceiling = at_["monthly_usd"].money(kMonthly);
        // Its months are those of the feature's users.
        if (feature_at_.has("budget"))
            options.timezone = feature_at_["budget"]["timezone"].text(options.timezone);
        return accounts.open(feature, ledger::AccountKind::shadow, std::move(options));
    }

    void add_variants(const pipeline::Feature& feature, const Models& lane_models,
                      pipeline::ShadowOptions& options) {
        for (const pipeline::FeatureVariant& entry : feature.variants) {
            pipeline::ShadowVariant made;
            made.variant = entry.variant;
            made.users = entry.variant.model->provider->concurrency;
            made.variant.model = lane_models.at(entry.variant.model->name);
            made.hash = to_hex(content_hash(root_, feature_at_, entry.variant)).substr(0, 16);
            made.series = &context_.metrics.shadow(feature.name, entry.variant.name);
            options.variants.push_back(std::move(made));
        }
    }

    const yaml::Cursor& root_;
    const yaml::Cursor feature_at_;
    const yaml::Cursor at_;
    const Context& context_;
};

}  // namespace

void parse_shadows(const yaml::Cursor& root, const Context& context, Accounts& accounts, std::size_t in_flight,
                   pipeline::FeatureTable& table, ShadowThresholds& thresholds) {
    // Without a lane, too: a judge may be asked by a run that a reload has left behind.
    for (const auto& [name, model] : table.models) {
        if (model != nullptr)
            table.lane_models[name] = model_of_lane(*model, context.limits);
    }
    for (auto& [name, feature] : table.features) {
        if (!root["features"][name].has("shadow"))
            continue;
        ShadowParser parser(root, name, context);
        feature.shadow = parser.parse(feature, in_flight, accounts, table.lane_models);
        thresholds[name] = parser.thresholds();
    }
}

}  // namespace tidegate::config
