#include <tidegate/release/shadow_thresholds.h>
#include <tidegate/yaml/document.h>

#include <gtest/gtest.h>

namespace tidegate::release {
namespace {

using namespace std::chrono_literals;

ShadowThresholds parse(std::string_view text, yaml::Problems& problems) {
    const yaml::Document document = yaml::parse("t.yaml", text, problems);
    const yaml::Cursor shadow = document.root();
    ShadowThresholds thresholds = parse_shadow_thresholds(shadow);
    shadow.finish();
    return thresholds;
}

TEST(ShadowThresholds, HaveDefaults) {
    yaml::Problems problems;
    const ShadowThresholds thresholds = parse("{}", problems);
    EXPECT_FALSE(problems.has_errors()) << problems.text();
    EXPECT_EQ(thresholds, ShadowThresholds{});
    EXPECT_EQ(thresholds.disagreement, 0.15);
    EXPECT_EQ(thresholds.p95, 3s);
    EXPECT_FALSE(thresholds.guardrail_trips);
    EXPECT_FALSE(thresholds.cost_per_call);
}

TEST(ShadowThresholds, AreReadAsWritten) {
    yaml::Problems problems;
    const ShadowThresholds thresholds = parse(
        "{thresholds: {disagreement: 7.5%, p95: 800ms, guardrail_trips: 2%, cost_per_call_usd: 0.02}, "
        "minimum_pairs: 50, minimum_time: 3d}",
        problems);
    EXPECT_FALSE(problems.has_errors()) << problems.text();
    EXPECT_DOUBLE_EQ(thresholds.disagreement, 0.075);
    EXPECT_EQ(thresholds.p95, 800ms);
    EXPECT_DOUBLE_EQ(*thresholds.guardrail_trips, 0.02);
    EXPECT_EQ(*thresholds.cost_per_call, NanoDollars{20'000'000});
    EXPECT_EQ(thresholds.minimum_pairs, 50U);
    EXPECT_EQ(thresholds.minimum_time, 72h);
}

TEST(ShadowThresholds, RefuseWhatIsUnknown) {
    yaml::Problems problems;
    parse("{thresholds: {disagreements: 7%}}", problems);
    EXPECT_NE(problems.text().find("disagreement"), std::string::npos) << problems.text();
    EXPECT_TRUE(problems.has_errors());
}

}  // namespace
}  // namespace tidegate::release
