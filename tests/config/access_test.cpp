// What access keys become: who may call, and the feature `direct`.
#include "config/support.h"

#include <gmock/gmock.h>

namespace tidegate::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr const char* kModels = R"(
providers:
  p: {dialect: openai, base_url: "https://api.example.com/v1"}
models:
  large: {provider: p, id: large-1, context: 8000, max_output: 1000, price: {input: 1, output: 2}}
  other/small: {provider: p, id: small-1, context: 8000, max_output: 1000, price: {input: 1, output: 2}}
  vectors: {provider: p, id: vectors-1, context: 8000, max_output: 1, price: {input: 1, output: 0}}
)";
constexpr const char* kFeatures = R"(
features:
  chat: {variants: {only: {model: large}}, budget: {monthly_usd: 1}}
  direct: {budget: {monthly_usd: 1}}
)";

class Access : public ConfigFolder {
  protected:
    // `direct` is warned about where no key names a model.
    std::shared_ptr<const pipeline::FeatureTable> good(const std::string& more,
                                                       const std::string& features = kFeatures) {
        const Loaded loaded = load(kModels + features + more);
        EXPECT_FALSE(loaded.problems.has_errors()) << loaded.problems.text();
        if (!loaded.snapshot)
            throw std::runtime_error("the configuration was refused");
        return loaded.snapshot->features;
    }
    static std::string keys(const std::string& more) {
        return "access: {keys: [{name: app, sha256: " + to_hex(digest_of("secret")) + ", " + more + "}]}\n";
    }
};

TEST_F(Access, KnowsNobodyWithoutKeys) {
    const auto table = good("");
    EXPECT_TRUE(table->keys.empty());
    EXPECT_FALSE(table->anonymous);
    EXPECT_EQ(table->direct, nullptr);
}

TEST_F(Access, FindsAKeyWithItsLimits) {
    const auto table = good(keys("features: [chat], concurrent: 5, monthly_usd: 200"));
    const access::Key* key = table->keys.find("secret");
    ASSERT_NE(key, nullptr);
    EXPECT_EQ(key->name(), "app");
    EXPECT_TRUE(key->may_use_feature("chat"));
    EXPECT_EQ(key->limits().concurrent, 5);
    EXPECT_EQ(key->monthly(), NanoDollars(200'000'000'000));
    EXPECT_EQ(table->direct, nullptr);
}

TEST_F(Access, WarnsThatAnonymousIsOffWithKeysAndSwitchesItOff) {
    const Loaded loaded =
        load(std::string(kModels) + kFeatures + "access: {anonymous: true, keys: [{name: app, sha256: " +
             to_hex(digest_of("secret")) + ", features: [chat]}]}\n");
    ASSERT_NE(loaded.snapshot, nullptr);
    EXPECT_FALSE(loaded.snapshot->features->anonymous);
    EXPECT_THAT(loaded.problems.text(), HasSubstr("warning: access.anonymous: is off"));
}

TEST_F(Access, MakesAVariantOfDirectForEachModelThatAKeyNames) {
    const auto table = good(keys("models: [vectors, other/small]"));
    ASSERT_NE(table->direct, nullptr);
    const pipeline::Feature& direct = *table->direct;
    EXPECT_EQ(direct.name, "direct");
    EXPECT_THAT(direct.flag.variants, ElementsAre("other/small", "vectors"));
    ASSERT_EQ(direct.variants.size(), 2U);
    ASSERT_EQ(direct.chains.size(), 2U);
    EXPECT_EQ(direct.variants[0].variant.model->id, "small-1");
    EXPECT_EQ(direct.variants[0].variant.prompt, nullptr);
    EXPECT_THAT(direct.variants[0].header_lines, HasSubstr("x-tidegate-feature: direct\r\n"));
    EXPECT_THAT(direct.variants[0].header_lines, HasSubstr("x-tidegate-model: other/small\r\n"));
    EXPECT_EQ(direct.chains[1].size(), 1U);
    EXPECT_EQ(direct.chains[1][0].variant, 1U);
    EXPECT_EQ(table->find_direct("vectors"), 1U);
    EXPECT_EQ(table->find_direct("large"), std::nullopt) << "no key names it";
    EXPECT_EQ(direct.total, 60s);
}

TEST_F(Access, LetsNobodyNameDirectItself) {
    const auto table = good(keys("models: [large]"));
    EXPECT_EQ(table->find("direct"), nullptr);
    EXPECT_THAT(table->features, testing::SizeIs(1));
}

TEST_F(Access, TakesTheTimeoutsOfDirect) {
    const auto table = good(keys("models: [large]"),
                            "features: {direct: {timeout: {total: 30s, first_token: 5s}}, chat: {variants: "
                            "{only: {model: large}}}}\n");
    EXPECT_EQ(table->direct->total, 30s);
    EXPECT_EQ(table->direct->first_token, 5s);
}

TEST_F(Access, KeepsTheLimitsOfAKeyOverAReload) {
    const auto before = good(keys("features: [chat], concurrent: 1"));
    const access::Admission held = before->keys.find("secret")->admit(SteadyTime{});
    ASSERT_TRUE(held.permit);
    const auto after = good(keys("features: [chat], concurrent: 1"));
    EXPECT_FALSE(after->keys.find("secret")->admit(SteadyTime{}).permit);
    const auto more = good(keys("features: [chat], concurrent: 2"));
    EXPECT_TRUE(more->keys.find("secret")->admit(SteadyTime{}).permit);
}

}  // namespace
}  // namespace tidegate::config
