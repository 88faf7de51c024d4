// `budget` as it is written.
#include <tidegate/ledger/budget.h>
#include <tidegate/yaml/document.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Read {
    explicit Read(const std::string& text) {
        const yaml::Document document = yaml::parse("f.yaml", "budget: " + text + "\n", problems);
        budget = parse_budget(document.root()["budget"]);
    }
    yaml::Problems problems;
    Budget budget;
};

TEST(Budget, IsReadWhole) {
    const Read read(
        "{monthly_usd: 500, timezone: Europe/Berlin, degrade_from: 80.5%, at_ceiling: [small, cache, sorry]}");
    EXPECT_EQ(read.problems.text(), "");
    EXPECT_EQ(read.budget.monthly.to_string(), "500.000000000");
    EXPECT_EQ(read.budget.timezone, "Europe/Berlin");
    EXPECT_EQ(read.budget.degrade_from, 8050);
    EXPECT_THAT(read.budget.at_ceiling, ElementsAre("small", "cache", "sorry"));
}

TEST(Budget, NeedsOnlyItsCeiling) {
    const Read read("{monthly_usd: 0.000000001}");
    EXPECT_EQ(read.problems.text(), "");
    EXPECT_EQ(read.budget.monthly, NanoDollars{1});
    EXPECT_EQ(read.budget.timezone, "UTC");
    EXPECT_EQ(read.budget.degrade_from, 9000);
    EXPECT_TRUE(read.budget.at_ceiling.empty());
    EXPECT_THAT(Read("{degrade_from: 80%}").problems.text(), HasSubstr("monthly_usd"));
}

TEST(Budget, RefusesZonesThatDoNotExistAndSaysHowToWriteOne) {
    const Read read("{monthly_usd: 1, timezone: Europe/Berln}");
    EXPECT_THAT(read.problems.text(), testing::AllOf(HasSubstr("f.yaml:1:"), HasSubstr("Europe/Berln"),
                                                     HasSubstr("Europe/Berlin, or UTC")));
    EXPECT_EQ(read.budget.timezone, "UTC");
}

TEST(Budget, RefusesMoreThanTheLedgerCounts) {
    EXPECT_THAT(Read("{monthly_usd: 1000000001}").problems.text(), HasSubstr("at most a billion dollars"));
    EXPECT_EQ(Read("{monthly_usd: 1000000000}").problems.text(), "");
    EXPECT_THAT(Read("{monthly_usd: -1}").problems.text(), HasSubstr("monthly_usd"));
    EXPECT_THAT(Read("{monthly_usd: 1, degrade_from: 101%}").problems.text(), HasSubstr("degrade_from"));
}

TEST(Budget, RefusesKeysItDoesNotKnow) {
    EXPECT_THAT(Read("{monthly_usd: 1, at_celing: [x]}").problems.text(), HasSubstr("at_ceiling"));
}

}  // namespace
}  // namespace tidegate::ledger
