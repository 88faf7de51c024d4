// Buckets and weights, against the vectors of flagd core.
#include "flags/read_flag.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::flags {
namespace {

TEST(Bucket, IsThatOfFlagd) {
    struct Vector {
        const char* feature;
        const char* unit;
        std::uint32_t hash;
        int of_hundred;
    };
    const Vector kVectors[] = {
        {"headerColor", "rachel@faas.com", 1805633606U, 42},
        {"headerColor", "monica@faas.com", 3314683759U, 77},
        {"headerColor", "joey@faas.com", 309582631U, 7},
        {"headerColor", "ross@faas.com", 1595699981U, 37},
        {"my-seed", "rachel@faas.com", 2931187178U, 68},
        {"my-seed", "monica@faas.com", 309002457U, 7},
        {"my-seed", "joey@faas.com", 1300152927U, 30},
        {"my-seed", "ross@faas.com", 3030988938U, 70},
    };
    for (const Vector& vector : kVectors) {
        EXPECT_EQ(hash_unit(vector.feature, vector.unit), vector.hash) << vector.unit;
        EXPECT_EQ(bucket_of(vector.hash, 100), vector.of_hundred) << vector.unit;
    }
}

TEST(Bucket, HasTenThousandSteps) {
    struct Vector {
        const char* unit;
        std::uint32_t hash;
        int of_hundred;
        int bucket;
    };
    const Vector kVectors[] = {{"user-1", 2318154473U, 53, 5397},
                               {"user-2", 1603091609U, 37, 3732},
                               {"user-42", 2347951754U, 54, 5466}};
    for (const Vector& vector : kVectors) {
        EXPECT_EQ(hash_unit("ai.summarize", vector.unit), vector.hash);
        EXPECT_EQ(bucket_of(vector.hash, 100), vector.of_hundred);
        EXPECT_EQ(bucket_of(vector.hash), vector.bucket);
    }
    EXPECT_EQ(bucket_of(0), 0);
    EXPECT_EQ(bucket_of(0xffffffffU), 9999);
}

TEST(Bucket, HashesUnitsOfAnyLength) {
    const std::string unit(5000, 'x');
    EXPECT_EQ(hash_unit("ab", unit), hash_unit("a", "b" + unit));
    EXPECT_NE(hash_unit("ab", unit), hash_unit("ab", unit + "x"));
}

TEST(Weights, ServeTheVariantsOfFlagd) {
    const ReadFlag read("serve: {red: 25, blue: 25, green: 25, yellow: 25}\n",
                        {"red", "blue", "green", "yellow"}, "headerColor");
    ASSERT_EQ(read.problems.text(), "");
    const std::pair<const char*, const char*> kUsers[] = {{"rachel@faas.com", "blue"},
                                                          {"monica@faas.com", "yellow"},
                                                          {"joey@faas.com", "red"},
                                                          {"ross@faas.com", "blue"}};
    for (const auto& [user, variant] : kUsers) {
        const Decision decision = decide(read.flag, {.user = user, .conversation = {}});
        EXPECT_EQ(decision.variant, variant) << user;
        EXPECT_EQ(decision.reason, Reason::split);
        EXPECT_FALSE(decision.unassigned);
    }
}

TEST(Weights, GrowCohortsAndNeverShrinkThem) {
    std::set<std::string> before;
    const std::pair<const char*, double> kStages[] = {
        {"1, stable: 99", 0.0088}, {"5, stable: 95", 0.0496}, {"20, stable: 80", 0.1975},
        {"50, stable: 50", 0.5},   {"100, stable: 0", 1.0},
    };
    for (const auto& [weights, share] : kStages) {
        const ReadFlag read(std::string("serve: {next: ") + weights + "}\n");
        ASSERT_EQ(read.problems.text(), "");
        std::set<std::string> cohort;
        for (int i = 0; i < 20'000; ++i) {
            const std::string user = "user-" + std::to_string(i);
            if (decide(read.flag, {.user = user, .conversation = {}}).variant == "next")
                cohort.insert(user);
        }
        EXPECT_TRUE(std::includes(cohort.begin(), cohort.end(), before.begin(), before.end())) << weights;
        EXPECT_NEAR(static_cast<double>(cohort.size()) / 20'000, share, 0.012) << weights;
        before = std::move(cohort);
    }
    EXPECT_EQ(before.size(), 20'000U);
}

TEST(Weights, TakeTheLargestWithoutAUnit) {
    const ReadFlag read("serve: {next: 10, stable: 90}\n");
    for (const Context& context : {Context{}, Context{.user = "", .conversation = "c"}}) {
        const Decision decision = decide(read.flag, context);
        EXPECT_EQ(decision.variant, "stable");
        EXPECT_TRUE(decision.unassigned);
        EXPECT_FALSE(decision.bucket);
        EXPECT_EQ(decision.reason, Reason::fallthrough);
    }
    EXPECT_EQ(decide(ReadFlag("serve: {next: 50, stable: 50}\n").flag, {}).index, 0U)
        << "a tie: the last written";
    EXPECT_EQ(decide(ReadFlag("serve: {stable: 50, next: 50}\n").flag, {}).index, 1U);
}

TEST(Weights, NeedNoUnitWhenOneVariantHasAll) {
    const ReadFlag read("serve: {next: 100, stable: 0}\n");
    const Decision decision = decide(read.flag, {});
    EXPECT_EQ(decision.variant, "next");
    EXPECT_FALSE(decision.unassigned);
    EXPECT_EQ(decision.reason, Reason::fixed);
}

TEST(Weights, TakeTwoDecimals) {
    const ReadFlag read("serve: {next: 0.01%, small: 0.5, stable: 99.49}\n");
    ASSERT_EQ(read.problems.text(), "");
    EXPECT_EQ(read.flag.serve.at(0).variant, "next");
    EXPECT_EQ(read.flag.serve.at(1).variant, "small");
    EXPECT_EQ(read.flag.serve.at(50).variant, "small");
    EXPECT_EQ(read.flag.serve.at(51).variant, "stable");
    EXPECT_EQ(read.flag.serve.at(9999).variant, "stable");
}

TEST(Weights, AreRefusedUnlessTheyTotalOneHundred) {
    const auto problems_of = [](const char* serve) {
        return ReadFlag(std::string("serve: ") + serve).problems.text();
    };
    EXPECT_EQ(problems_of("{next: 10, stable: 89.99}"),
              "f.yaml:1:1: serve: the percentages add up to 99.99, they must add up to 100\n");
    EXPECT_EQ(
        problems_of("{next: 10.001, stable: 89.999}").find("f.yaml:1:15: serve.next: must be a percentage"),
        0U);
    EXPECT_EQ(problems_of("{nxt: 10, stable: 90}"),
              "f.yaml:1:14: serve.nxt: there is no variant \"nxt\"; did you mean \"next\"?\n");
    EXPECT_EQ(problems_of("{}"),
              "f.yaml:1:1: serve: the percentages add up to 0.00, they must add up to 100\n");
    EXPECT_EQ(problems_of("unknown"), "f.yaml:1:8: serve: there is no variant \"unknown\"\n");
    EXPECT_NE(problems_of("[next]"), "");
    EXPECT_NE(problems_of("{next: -10, stable: 110}"), "");
}

TEST(CohortBy, ChoosesTheUnit) {
    Attributes attributes;
    attributes.set("tenant", 42.0);
    attributes.set("region", std::string("eu"));
    attributes.set("beta", true);
    const Context context{.user = "u", .conversation = "c", .attributes = &attributes};
    const std::pair<const char*, const char*> kUnits[] = {
        {"user", "u"}, {"conversation", "c"}, {"tenant", "42"}, {"region", "eu"}, {"beta", "true"}};
    for (const auto& [name, unit] : kUnits) {
        const ReadFlag read(std::string("cohort_by: ") + name + "\nserve: {next: 50, stable: 50}\n");
        const Decision decision = decide(read.flag, context);
        EXPECT_EQ(decision.bucket, bucket_of(hash_unit("support-reply", unit))) << name;
    }
    const ReadFlag read("cohort_by: plan\nserve: {next: 10, stable: 90}\n");
    EXPECT_TRUE(decide(read.flag, context).unassigned);
}

TEST(MovedShare, IsZeroForGrowthAndCountsTheRest) {
    const auto serve = [](const char* text) { return ReadFlag(std::string("serve: ") + text).flag.serve; };
    EXPECT_EQ(moved_share(serve("{next: 1, stable: 99}"), serve("{next: 20, stable: 80}")), 0);
    EXPECT_EQ(moved_share(serve("stable"), serve("{next: 20, stable: 80}")), 0);
    EXPECT_EQ(moved_share(serve("{next: 20, stable: 80}"), serve("next")), 0);
    EXPECT_DOUBLE_EQ(moved_share(serve("{next: 10, stable: 90}"), serve("{stable: 90, next: 10}")), 0.2);
    EXPECT_DOUBLE_EQ(moved_share(serve("{next: 10, stable: 90}"), serve("{stable: 80, next: 20}")), 0.2);
    // A middle variant that gives way shifts the ones behind it.
    EXPECT_DOUBLE_EQ(
        moved_share(serve("{next: 10, small: 10, stable: 80}"), serve("{next: 20, small: 10, stable: 70}")),
        0.1);
    EXPECT_DOUBLE_EQ(moved_share(serve("{next: 50, stable: 50}"), serve("{next: 50, stable: 50}"), false), 0.5);
}

TEST(MovedUnits, NamesTheRuleThatMoves) {
    const char* const kBefore =
        "targeting: [{name: a, when: {x: 1}, serve: {next: 10, stable: 90}}]\nserve: {next: 1, stable: 99}\n";
    const char* const kAfter =
        "targeting: [{name: a, when: {x: 1}, serve: {stable: 90, next: 10}}]\nserve: {next: 5, stable: 95}\n";
    const std::vector<MovedUnits> moved = moved_units(ReadFlag(kBefore).flag, ReadFlag(kAfter).flag);
    ASSERT_EQ(moved.size(), 1U);
    EXPECT_EQ(moved[0].rule, "a");
    EXPECT_DOUBLE_EQ(moved[0].share, 0.2);
    EXPECT_TRUE(moved_units(ReadFlag(kBefore).flag, ReadFlag(kBefore).flag).empty());
}

}  // namespace
}  // namespace tidegate::flags
