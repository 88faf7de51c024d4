#include <tidegate/statistics/quantile.h>

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

namespace tidegate::statistics {
namespace {

std::vector<std::int64_t> one_to(std::int64_t last) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(last));
    std::iota(values.rbegin(), values.rend(), 1);
    return values;
}

// Worked out from the binomial distribution in exact arithmetic.
TEST(QuantileRanks, AreThoseOfTheBinomialDistribution) {
    struct Known {
        std::uint64_t count;
        double q;
        std::optional<std::uint64_t> low, high;
    };
    for (const Known& known : {Known{10, 0.5, 2, 9}, Known{58, 0.95, 52, std::nullopt}, Known{59, 0.95, 53, 59},
                               Known{100, 0.5, 42, 59}, Known{100, 0.95, 91, 99}, Known{200, 0.95, 185, 196}}) {
        const QuantileRanks ranks = quantile_ranks(known.count, known.q);
        EXPECT_EQ(ranks.low, known.low) << known.count << " values, " << known.q;
        EXPECT_EQ(ranks.high, known.high) << known.count << " values, " << known.q;
    }
}

TEST(QuantileRanks, FollowTheNormalDistributionInLargeSamples) {
    const QuantileRanks ranks = quantile_ranks(1'000'000, 0.95);
    EXPECT_EQ(ranks.point, 950'000);
    ASSERT_TRUE(ranks.low && ranks.high);
    EXPECT_NEAR(static_cast<double>(*ranks.low), 950'000 - 1.64485 * 217.945, 2);
    EXPECT_NEAR(static_cast<double>(*ranks.high), 950'000 + 1.64485 * 217.945, 2);
}

TEST(QuantileRanks, HaveNoBoundsInTheSmallestSamples) {
    const QuantileRanks ranks = quantile_ranks(1, 0.5);
    EXPECT_EQ(ranks.point, 1);
    EXPECT_FALSE(ranks.low);
    EXPECT_FALSE(ranks.high);
}

TEST(ValuesForUpperBound, IsTheFirstSampleThatHasOne) {
    EXPECT_EQ(values_for_upper_bound(0.95), 59);
    EXPECT_EQ(values_for_upper_bound(0.5), 5);
    EXPECT_TRUE(quantile_ranks(5, 0.5).high);
    EXPECT_FALSE(quantile_ranks(4, 0.5).high);
}

TEST(Quantile, TakesTheValuesOfItsRanks) {
    auto values = one_to(200);
    const auto p95 = quantile(values, 0.95);
    ASSERT_TRUE(p95);
    EXPECT_EQ(p95->value, 190);
    EXPECT_EQ(p95->low, 185);
    EXPECT_EQ(p95->high, 196);
}

TEST(Quantile, IsNothingWithoutValues) {
    std::vector<std::int64_t> none;
    EXPECT_FALSE(quantile(none, 0.5));
}

}  // namespace
}  // namespace tidegate::statistics
