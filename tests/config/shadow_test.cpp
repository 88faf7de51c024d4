#include "config/support.h"

#include <tidegate/pipeline/shadow_options.h>
#include <tidegate/upstream/limits.h>

#include <gmock/gmock.h>

namespace tidegate::config {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string configuration(const std::string& shadow, const std::string& more = "") {
    return R"(access: {anonymous: true}
providers:
  sim: {dialect: simulator, concurrent: 8}
models:
  one: {provider: sim, id: one-1, context: 8000, max_output: 1000, price: {input: 1, output: 2}}
  two: {provider: sim, id: two-1, context: 8000, max_output: 1000, price: {input: 1, output: 2}}
  vectors: {provider: sim, id: vectors-1, context: 8000, max_output: 1, price: {input: 1, output: 0}}
features:
  chat:
    budget: {monthly_usd: 10, timezone: Europe/Berlin}
    variants: {stable: {model: one}, next: {model: two}}
    serve: stable
    shadow: )" +
           shadow + "\n" + more;
}

class ShadowConfig : public ConfigFolder {
  protected:
    const pipeline::ShadowOptions& options_of(const std::string& text) {
        loaded_ = load(text);
        EXPECT_TRUE(loaded_.snapshot) << loaded_.problems.text();
        return *loaded_.snapshot->features->find("chat")->shadow;
    }

    Loaded loaded_;
};

TEST_F(ShadowConfig, HasTheDocumentedDefaults) {
    const pipeline::ShadowOptions& options = options_of(configuration("{variant: next}"));
    EXPECT_EQ(loaded_.problems.text(), "");
    EXPECT_EQ(options.candidate, 1U);
    EXPECT_EQ(options.sample, 1'000);
    EXPECT_EQ(options.noise_sample, 100);
    EXPECT_EQ(options.timeout, 30s);
    EXPECT_EQ(options.concurrent, 20);
    EXPECT_EQ(options.minimum_similarity, 0.5);
    EXPECT_EQ(loaded_.snapshot->shadow_thresholds.at("chat"), release::ShadowThresholds{});
}

TEST_F(ShadowConfig, IsReadAsWritten) {
    const pipeline::ShadowOptions& options =
        options_of(configuration("{variant: next, sample: 50%, noise_sample: 2.5%, timeout: 5s, concurrent: 3, "
                                 "minimum_similarity: 80%, minimum_pairs: 7, thresholds: {p95: 1s}}"));
    EXPECT_EQ(options.sample, 5'000);
    EXPECT_EQ(options.noise_sample, 250);
    EXPECT_EQ(options.timeout, 5s);
    EXPECT_EQ(options.concurrent, 3);
    EXPECT_EQ(options.minimum_similarity, 0.8);
    EXPECT_EQ(loaded_.snapshot->shadow_thresholds.at("chat").minimum_pairs, 7U);
    EXPECT_EQ(loaded_.snapshot->shadow_thresholds.at("chat").p95, 1s);
}

TEST_F(ShadowConfig, HasAnAccountOfItsOwnInTheFeaturesTimeZone) {
    options_of(configuration("{variant: next, monthly_usd: 3}"));
    const AccountSetting* found = nullptr;
    for (const AccountSetting& setting : loaded_.snapshot->accounts) {
        if (setting.kind == ledger::AccountKind::shadow)
            found = &setting;
    }
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->name, "chat");
    EXPECT_EQ(found->options.ceiling, NanoDollars{3'000'000'000});
    EXPECT_EQ(found->options.timezone, "Europe/Berlin");
}

TEST_F(ShadowConfig, LimitsTheAccountUnlessToldOtherwise) {
    options_of(configuration("{variant: next}"));
    for (const AccountSetting& setting : loaded_.snapshot->accounts) {
        if (setting.kind == ledger::AccountKind::shadow)
            EXPECT_EQ(setting.options.ceiling, NanoDollars{50'000'000'000});
    }
}

TEST_F(ShadowConfig, SharesNothingWithUsersThatARunCouldWearOut) {
    const pipeline::ShadowOptions& options = options_of(configuration("{variant: next}"));
    const pipeline::Feature& feature = *loaded_.snapshot->features->find("chat");
    ASSERT_EQ(options.variants.size(), feature.variants.size());
    for (std::size_t i = 0; i < options.variants.size(); ++i) {
        const calls::Model& lane = *options.variants[i].variant.model;
        const calls::Model& users = *feature.variants[i].variant.model;
        EXPECT_EQ(lane.name, users.name);
        EXPECT_EQ(lane.provider->endpoint, users.provider->endpoint);
        EXPECT_NE(lane.breaker, users.breaker);
        EXPECT_NE(lane.provider->retry_budget, users.provider->retry_budget);
        EXPECT_NE(lane.provider->concurrency, users.provider->concurrency);
        EXPECT_EQ(lane.series, nullptr);
        EXPECT_EQ(options.variants[i].users, users.provider->concurrency);
    }
}

TEST_F(ShadowConfig, GivesTheLaneEveryModelThatAJudgeMayBe) {
    const pipeline::ShadowOptions& options = options_of(configuration("{variant: next}"));
    const pipeline::FeatureTable& table = *loaded_.snapshot->features;
    ASSERT_EQ(table.lane_models.size(), table.models.size());
    for (const auto& [name, users] : table.models) {
        const calls::Model& lane = *table.lane_models.at(name);
        EXPECT_EQ(lane.name, name);
        EXPECT_NE(lane.breaker, users->breaker);
        EXPECT_EQ(lane.series, nullptr);
    }
    EXPECT_EQ(options.variants[1].variant.model, table.lane_models.at("two")) << "one circuit for all runs";
}

TEST_F(ShadowConfig, KeepsTheLanesLimitsOverReloads) {
    const auto* running = options_of(configuration("{variant: next}")).running;
    const auto* breaker = loaded_.snapshot->features->find("chat")->shadow->variants[1].variant.model->breaker;
    const pipeline::ShadowOptions& again = options_of(configuration("{variant: next, sample: 1%}"));
    EXPECT_EQ(again.running, running);
    EXPECT_EQ(again.variants[1].variant.model->breaker, breaker);
}

TEST_F(ShadowConfig, TellsContentsOfAVariantApart) {
    const std::string before = options_of(configuration("{variant: next}")).variants[1].hash;
    std::string text = configuration("{variant: next, sample: 1%}");
    EXPECT_EQ(options_of(text).variants[1].hash, before) << "another sample is no other variant";
    text.replace(text.find("next: {model: two}"), 18, "next: {model: two, temperature: 0.5}");
    EXPECT_NE(options_of(text).variants[1].hash, before);
}

TEST_F(ShadowConfig, GoesOnWithTheSameContentWhereverASimulatorListens) {
    const std::string before = options_of(configuration("{variant: next}")).variants[1].hash;
    loader_.simulator_port = 4322;
    EXPECT_EQ(options_of(configuration("{variant: next}")).variants[1].hash, before);
    std::string text = configuration("{variant: next}");
    text.replace(text.find("{dialect: simulator,"), 20,
                 "{dialect: simulator, simulator: {behaviour: \"rate=5\"},");
    EXPECT_NE(options_of(text).variants[1].hash, before);
}

TEST_F(ShadowConfig, GoesOnWithTheSameContentWhenAKeyIsReplaced) {
    std::string text = configuration("{variant: next}");
    text.replace(text.find("{dialect: simulator,"), 20,
                 "{dialect: openai, base_url: \"https://api.example.com/v1\", api_key: first,");
    const std::string before = options_of(text).variants[1].hash;
    text.replace(text.find("first"), 5, "second");
    EXPECT_EQ(options_of(text).variants[1].hash, before);
    text.replace(text.find("api.example"), 11, "new.example");
    EXPECT_NE(options_of(text).variants[1].hash, before);
}

TEST_F(ShadowConfig, LetsLeasesLastForItsLongestRun) {
    options_of(configuration("{variant: next, timeout: 5m}"));
    EXPECT_EQ(loaded_.snapshot->longest_call, 5min);
}

TEST_F(ShadowConfig, IsDroppedFromHalfTheProcessesLimitOn) {
    const std::string text = configuration("{variant: next}") + "server: {limits: {in_flight: 100}}\n";
    EXPECT_EQ(options_of(text).busy_calls, 50U);
}

TEST_F(ShadowConfig, RefusesWhatCannotRun) {
    EXPECT_THAT(problems_of(configuration("{variant: nxt}")), HasSubstr("did you mean \"next\"?"));
    EXPECT_THAT(problems_of(configuration("{sample: 10%}")), HasSubstr("variant"));
    EXPECT_THAT(problems_of(configuration("{variant: next, sampel: 10%}")), HasSubstr("sample"));
    EXPECT_THAT(problems_of(configuration("{variant: next, concurrent: 0}")), HasSubstr("concurrent"));
    EXPECT_THAT(problems_of(configuration("{variant: next}",
                                          "  v: {variants: {a: {model: vectors}, b: {model: vectors}}, "
                                          "serve: a, shadow: {variant: b}}\n")),
                HasSubstr("an embedding feature has no shadow lane"));
}

TEST_F(ShadowConfig, WarnsOfACandidateThatEverybodyGets) {
    EXPECT_THAT(problems_of(configuration("{variant: stable}")), HasSubstr("warning"));
    EXPECT_THAT(problems_of(configuration("{variant: stable}")), HasSubstr("nothing to compare"));
}

}  // namespace
}  // namespace tidegate::config
