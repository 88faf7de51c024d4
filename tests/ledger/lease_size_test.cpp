// How much is leased.
#include "ledger/lease_size.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace tidegate::ledger {
namespace {

std::int64_t size(std::int64_t left, std::int64_t held, std::int64_t ahead,
                  const std::vector<std::int64_t>& waiting) {
    std::vector<NanoDollars> amounts;
    for (const std::int64_t each : waiting) amounts.emplace_back(each);
    return lease_size(NanoDollars{left}, NanoDollars{held}, NanoDollars{ahead}, amounts).count();
}

TEST(LeaseSize, IsWhatTheLastSecondsNeededAtMostTwoPercentOfWhatIsLeft) {
    EXPECT_EQ(size(10'000, 0, 150, {}), 150);
    EXPECT_EQ(size(10'000, 0, 5'000, {}), 200);
    EXPECT_EQ(size(10'000, 120, 5'000, {}), 80) << "what is held already counts";
    EXPECT_EQ(size(10'000, 500, 5'000, {}), 0);
    EXPECT_EQ(size(0, 0, 5'000, {}), 0);
}

TEST(LeaseSize, IsAtLeastTheWorstCasesThatWaitAsFarAsTheyFit) {
    EXPECT_EQ(size(10'000, 0, 0, {300, 400}), 700);
    EXPECT_EQ(size(1'000, 0, 0, std::vector<std::int64_t>(256, 100)), 1'000);
    EXPECT_EQ(size(1'050, 0, 0, std::vector<std::int64_t>(256, 100)), 1'000) << "half a call helps nobody";
    EXPECT_EQ(size(1'000, 60, 0, {900, 200, 100}), 940) << "the second does not fit, the third does";
    EXPECT_EQ(size(50, 60, 0, {100}), 40) << "what is held and what is left together";
    EXPECT_EQ(size(50, 10, 0, {100}), 0);
}

TEST(LeaseSize, NeverOverflows) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(size(100, 0, kMost, {kMost, kMost, 100}), 100);
    EXPECT_EQ(size(kMost, kMost, kMost, {kMost, kMost}), 0);
    EXPECT_EQ(size(kMost, 0, 0, {kMost}), kMost);
}

}  // namespace
}  // namespace tidegate::ledger
