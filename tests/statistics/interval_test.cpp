#include <tidegate/statistics/interval.h>

#include <gtest/gtest.h>

namespace tidegate::statistics {
namespace {

TEST(Wilson, GivesThePublishedIntervalsOfFifteenPercent) {
    struct Known {
        std::uint64_t hits, trials;
        double low, high;
    };
    for (const Known& known :
         {Known{15, 100, 0.0931, 0.2328}, Known{30, 200, 0.1071, 0.2061}, Known{60, 400, 0.1183, 0.1883},
          Known{120, 800, 0.1269, 0.1764}, Known{225, 1500, 0.1328, 0.1690}}) {
        const Interval interval = wilson(known.hits, known.trials, kTwoSided);
        EXPECT_NEAR(interval.low, known.low, 0.00005) << known.trials;
        EXPECT_NEAR(interval.high, known.high, 0.00005) << known.trials;
    }
}

TEST(Wilson, SaysNothingWithoutTrials) {
    const Interval interval = wilson(0, 0);
    EXPECT_EQ(interval.low, 0);
    EXPECT_EQ(interval.high, 1);
}

TEST(Wilson, KeepsItsEndsAtNoneAndAll) {
    EXPECT_EQ(wilson(0, 20).low, 0);
    EXPECT_NEAR(wilson(0, 20).high, 0.1192, 0.0001);
    EXPECT_EQ(wilson(20, 20).high, 1);
    EXPECT_NEAR(wilson(20, 20).low, 0.8808, 0.0001);
}

// Newcombe (1998), table II, method 10: 56 of 70 against 48 of 80, and 10 of 10 against none of 20.
TEST(Difference, GivesThePublishedIntervals) {
    const Interval interval = difference(0.8, wilson(56, 70, kTwoSided), 0.6, wilson(48, 80, kTwoSided));
    EXPECT_NEAR(interval.low, 0.0524, 0.00005);
    EXPECT_NEAR(interval.high, 0.3339, 0.00005);
    const Interval extreme = difference(1, wilson(10, 10, kTwoSided), 0, wilson(0, 20, kTwoSided));
    EXPECT_NEAR(extreme.low, 0.6791, 0.00005);
    EXPECT_NEAR(extreme.high, 1, 0.00005);
}

TEST(TrialsToDecide, CountsWhatAnUpperBoundOfFifteenPercentTakes) {
    EXPECT_EQ(trials_to_decide(0.08, 0.15), 71);
    EXPECT_EQ(trials_to_decide(0.10, 0.15), 138);
    EXPECT_EQ(trials_to_decide(0.12, 0.15), 384);
    EXPECT_EQ(trials_to_decide(0.13, 0.15), 863);
}

TEST(TrialsToDecide, CountsWhatItTakesToBeAbove) {
    const auto trials = trials_to_decide(0.25, 0.15);
    ASSERT_TRUE(trials);
    EXPECT_GT(wilson(*trials / 4 + 1, *trials).low, 0.15);
    EXPECT_LE(wilson(*trials / 4 - 1, *trials).low, 0.15);
}

TEST(TrialsToDecide, NeverEndsAtTheBoundItself) {
    EXPECT_FALSE(trials_to_decide(0.15, 0.15));
    EXPECT_FALSE(trials_to_decide(0.1500000001, 0.15));
}

TEST(Moments, KnowMeanAndDeviation) {
    Moments moments;
    for (const double value : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) moments.add(value);
    EXPECT_DOUBLE_EQ(moments.mean(), 5.0);
    EXPECT_NEAR(moments.deviation(), 2.13809, 0.00001);
    const auto interval = mean_interval(moments);
    ASSERT_TRUE(interval);
    EXPECT_NEAR(interval->high - 5.0, 1.64485 * 2.13809 / 2.828427, 0.0001);
    EXPECT_NEAR(5.0 - interval->low, 1.64485 * 2.13809 / 2.828427, 0.0001);
}

TEST(Moments, HaveNoIntervalFromOneValue) {
    Moments moments;
    moments.add(3);
    EXPECT_EQ(moments.mean(), 3);
    EXPECT_FALSE(mean_interval(moments));
}

}  // namespace
}  // namespace tidegate::statistics
