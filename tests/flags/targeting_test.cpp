#include "flags/read_flag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::flags {
namespace {

// Whether a rule with the condition `entry` ("plan: enterprise") matches a call with `value` as that attribute.
bool matches(const std::string& entry, std::optional<AttributeValue> value) {
    const ReadFlag read("targeting: [{name: r, when: {" + entry + "}, serve: next}]\nserve: stable\n");
    EXPECT_EQ(read.problems.text(), "") << entry;
    Attributes attributes;
    if (value)
        attributes.set("a", *std::move(value));
    return decide(read.flag, {.user = {}, .conversation = {}, .attributes = &attributes}).rule == "r";
}

AttributeValue text(const char* value) {
    return std::string(value);
}

TEST(Targeting, ComparesEqualTypes) {
    EXPECT_TRUE(matches("a: enterprise", text("enterprise")));
    EXPECT_FALSE(matches("a: enterprise", text("Enterprise")));
    EXPECT_TRUE(matches("a: NO", text("NO")));
    EXPECT_TRUE(matches("a: 10", 10.0));
    EXPECT_FALSE(matches("a: 10", text("10")));
    EXPECT_TRUE(matches("a: '10'", text("10")));
    EXPECT_TRUE(matches("a: 010", text("010")));
    EXPECT_TRUE(matches("a: true", true));
    EXPECT_FALSE(matches("a: true", text("true")));
    EXPECT_FALSE(matches("a: true", 1.0));
    EXPECT_FALSE(matches("a: enterprise", std::nullopt));
}

TEST(Targeting, TakesAnyOfAList) {
    EXPECT_TRUE(matches("a: [DE, FR]", text("FR")));
    EXPECT_FALSE(matches("a: [DE, FR]", text("US")));
    EXPECT_TRUE(matches("a: [10, '10']", text("10")));
    EXPECT_FALSE(matches("a: [DE, FR]", std::nullopt));
}

TEST(Targeting, TakesPrefixes) {
    EXPECT_TRUE(matches("a: {prefix: staff-}", text("staff-7")));
    EXPECT_FALSE(matches("a: {prefix: staff-}", text("a-staff-7")));
    EXPECT_TRUE(matches("a: {prefix: [x, y]}", text("yes")));
    EXPECT_FALSE(matches("a: {prefix: 1}", 10.0));
}

TEST(Targeting, ComparesNumbers) {
    EXPECT_TRUE(matches("a: {above: 5}", 5.5));
    EXPECT_FALSE(matches("a: {above: 5}", 5.0));
    EXPECT_TRUE(matches("a: {at_least: 5}", 5.0));
    EXPECT_TRUE(matches("a: {below: -1.5}", -2.0));
    EXPECT_TRUE(matches("a: {at_most: 5}", 5.0));
    EXPECT_TRUE(matches("a: {at_least: 5, below: 10}", 9.0));
    EXPECT_FALSE(matches("a: {at_least: 5, below: 10}", 10.0));
    EXPECT_TRUE(matches("a: {above: 5}", text("10"))) << "a text that is a number counts as it";
    EXPECT_FALSE(matches("a: {above: 5}", text("10 seats")));
    EXPECT_FALSE(matches("a: {below: 5}", true));
    EXPECT_FALSE(matches("a: {below: 5}", std::nullopt));
}

TEST(Targeting, NegatesEverythingAlsoWhatIsMissing) {
    EXPECT_FALSE(matches("a: {not: free}", text("free")));
    EXPECT_TRUE(matches("a: {not: free}", text("pro")));
    EXPECT_TRUE(matches("a: {not: free}", std::nullopt));
    EXPECT_FALSE(matches("a: {not: [free, pro]}", text("pro")));
    EXPECT_FALSE(matches("a: {not: {prefix: x}}", text("xy")));
    EXPECT_TRUE(matches("a: {not: {above: 5, below: 10}}", 10.0));
    EXPECT_FALSE(matches("a: {not: {above: 5, below: 10}}", 7.0));
    EXPECT_TRUE(matches("a: {not: {not: free}}", text("free")));
    EXPECT_TRUE(matches("a: {not: free, prefix: f}", text("fast")));
}

TEST(Targeting, ComparesVersions) {
    EXPECT_TRUE(matches("a: {semver: '>=2.1.0'}", text("2.1.0")));
    EXPECT_TRUE(matches("a: {semver: '>=2.1.0'}", text("2.10.0")));
    EXPECT_FALSE(matches("a: {semver: '>=2.1.0'}", text("2.1.0-rc.1")));
    EXPECT_TRUE(matches("a: {semver: '>=2.1.0 <3.0.0'}", text("2.9.9")));
    EXPECT_FALSE(matches("a: {semver: '>=2.1.0 <3.0.0'}", text("3.0.0")));
    EXPECT_TRUE(matches("a: {semver: 1.2.3}", text("v1.2.3+build.7")));
    EXPECT_TRUE(matches("a: {semver: '!=1.2.3'}", text("1.2.4")));
    EXPECT_FALSE(matches("a: {semver: '!=1.2.3'}", text("not a version")));
    EXPECT_FALSE(matches("a: {semver: '>1'}", 2.0));
}

TEST(Versions, HaveThePrecedenceOfTheStandard) {
    const char* const kOrder[] = {"1.0.0-alpha",
                                  "1.0.0-alpha.1",
                                  "1.0.0-alpha.beta",
                                  "1.0.0-beta",
                                  "1.0.0-beta.2",
                                  "1.0.0-beta.11",
                                  "1.0.0-rc.1",
                                  "1.0.0",
                                  "1.0.1",
                                  "1.2.0",
                                  "1.11.0",
                                  "2.0.0",
                                  "99999999999999999999.0.0"};
    for (std::size_t i = 0; i < std::size(kOrder); ++i) {
        for (std::size_t j = 0; j < std::size(kOrder); ++j) {
            const int expected = static_cast<int>(i > j) - static_cast<int>(i < j);
            EXPECT_EQ(compare_versions(kOrder[i], kOrder[j]), expected) << kOrder[i] << " " << kOrder[j];
        }
    }
    EXPECT_EQ(compare_versions("v2.1", "2.1.0+x"), 0);
    for (const char* none : {"", "v", "1.", "1..2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3-a..b",
                             "1.2.3+", "-1.2.3", "1.2.x", " 1.2.3", "1.2.3-ä"}) {
        EXPECT_FALSE(compare_versions(none, "1.0.0")) << none;
    }
}

TEST(Targeting, LetsTheFirstMatchingRuleWin) {
    const ReadFlag read(
        "targeting:\n"
        "  - {name: enterprise, when: {plan: enterprise}, serve: stable}\n"
        "  - {name: pilot, when: {country: [DE, FR], beta: true}, serve: {next: 10, stable: 90}}\n"
        "serve: small\n");
    ASSERT_EQ(read.problems.text(), "");
    Attributes attributes;
    const auto decision = [&] {
        return decide(read.flag, {.user = "user-1", .conversation = {}, .attributes = &attributes});
    };
    EXPECT_EQ(decision().variant, "small");
    EXPECT_EQ(decision().reason, Reason::fallthrough);
    EXPECT_EQ(decide(read.flag, {}).variant, "small");
    attributes.set("country", text("DE"));
    EXPECT_EQ(decision().rule, "") << "and-ed";
    attributes.set("beta", true);
    EXPECT_EQ(decision().rule, "pilot");
    EXPECT_EQ(decision().reason, Reason::targeting_match);
    EXPECT_TRUE(decision().bucket);
    attributes.set("plan", text("enterprise"));
    EXPECT_EQ(decision().rule, "enterprise");
    EXPECT_EQ(decision().index, 0U);
    EXPECT_FALSE(decision().bucket);
}

TEST(ParseFlag, TakesTheOnlyVariantAsServe) {
    const ReadFlag read("{}", {"only"});
    EXPECT_EQ(read.problems.text(), "");
    EXPECT_EQ(decide(read.flag, {}).variant, "only");
    EXPECT_EQ(ReadFlag("{}").problems.text(), "f.yaml:1:1: serve: is missing\n");
}

TEST(ParseFlag, RefusesWhatMeansNothing) {
    const std::pair<const char*, const char*> kWrong[] = {
        {"{when: {a: 1}, serve: next}", "name: is missing"},
        {"{name: r, serve: next}", "when: is missing"},
        {"{name: r, when: {}, serve: next}", "is empty"},
        {"{name: r, when: {a: 1}}", "serve: is missing"},
        {"{name: r, when: {a: 1}, serve: nxt}", "did you mean \"next\"?"},
        {"{name: r, when: {a: 1}, serve: next, if: 1}", "unknown key \"if\""},
        {"{name: r, when: {a: {prefx: x}}, serve: next}", "unknown key \"prefx\"; did you mean \"prefix\"?"},
        {"{name: r, when: {a: {}}, serve: next}", "what to compare with"},
        {"{name: r, when: {a: []}, serve: next}", "never matches"},
        {"{name: r, when: {a: {prefix: []}}, serve: next}", "never matches"},
        {"{name: r, when: {a: ~}, serve: next}", "has no value"},
        {"{name: r, when: {a: [[1]]}, serve: next}", "must be a single value"},
        {"{name: r, when: {a: {above: x}}, serve: next}", "must be a number"},
        {"{name: r, when: {a: {semver: '~1.2'}}, serve: next}", "must be a version"},
        {"{name: r, when: [a], serve: next}", "must be a map"},
        {"{name: r, when: {a: 1}, serve: next}, {name: r, when: {a: 2}, serve: next}",
         "another rule has this name"},
    };
    for (const auto& [rule, message] : kWrong) {
        const ReadFlag read(std::string("targeting: [") + rule + "]\nserve: stable\n");
        EXPECT_THAT(read.problems.text(), testing::HasSubstr(message)) << rule;
    }
}

TEST(Explain, TellsRulesHashBucketAndWeights) {
    const ReadFlag read(
        "targeting:\n"
        "  - {name: enterprise, when: {plan: enterprise, seats: {above: 5}}, serve: stable}\n"
        "  - {name: pilot, when: {country: [DE, FR]}, serve: {next: 10, stable: 90}}\n"
        "  - {name: rest, when: {country: {not: US}}, serve: small}\n"
        "serve: stable\n",
        {"stable", "next", "small"}, "ai.summarize");
    Attributes attributes;
    attributes.set("plan", text("free"));
    attributes.set("country", text("DE"));
    const Explanation explanation =
        explain(read.flag, {.user = "user-1", .conversation = {}, .attributes = &attributes});
    EXPECT_EQ(explanation.hash, 2318154473U);
    EXPECT_EQ(explanation.decision.bucket, 5397);
    EXPECT_EQ(explanation.json(),
              R"({"variant":"stable","rule":"pilot","reason":"TARGETING_MATCH","unassigned":false,)"
              R"("unit":{"name":"user","value":"user-1"},"hash":2318154473,"bucket":5397,)"
              R"("weights":[{"variant":"next","percent":10.00,"buckets":[0,1000]},)"
              R"({"variant":"stable","percent":90.00,"buckets":[1000,10000]}],)"
              R"("rules":[{"name":"enterprise","tried":true,"matched":false,)"
              R"("why":"plan is \"free\", must be \"enterprise\"; seats is missing, must be above 5"},)"
              R"({"name":"pilot","tried":true,"matched":true,"why":""},)"
              R"({"name":"rest","tried":false,"matched":false,"why":""}]})");
}

TEST(Explain, SaysWhenThereIsNoUnit) {
    const ReadFlag read("cohort_by: conversation\nserve: {next: 10, stable: 90}\n");
    const Explanation explanation = explain(read.flag, {.user = "u", .conversation = {}});
    EXPECT_TRUE(explanation.decision.unassigned);
    EXPECT_EQ(explanation.unit_name, "conversation");
    EXPECT_FALSE(explanation.unit);
    EXPECT_FALSE(explanation.hash);
}

}  // namespace
}  // namespace tidegate::flags
