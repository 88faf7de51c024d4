#include <tidegate/base/money.h>

#include <gtest/gtest.h>

namespace tidegate {
namespace {

TEST(Money, ReadsDecimalsExactly) {
    EXPECT_EQ(NanoDollars::parse("0.40")->count(), 400'000'000);
    EXPECT_EQ(NanoDollars::parse("2")->count(), 2'000'000'000);
    EXPECT_EQ(NanoDollars::parse("0.000000001")->count(), 1);
    EXPECT_EQ(NanoDollars::parse("-1.5")->count(), -1'500'000'000);
}

TEST(Money, RefusesWhatItCannotHoldExactly) {
    for (const char* text :
         {"", ".", "1.", ".5", "1e3", "0.0000000001", "9223372037", "abc", "1,5", "--1", "0x1"}) {
        EXPECT_FALSE(NanoDollars::parse(text)) << text;
    }
}

TEST(Money, PrintsNineDecimals) {
    EXPECT_EQ(NanoDollars{1}.to_string(), "0.000000001");
    EXPECT_EQ(NanoDollars{-1'500'000'000}.to_string(), "-1.500000000");
    EXPECT_EQ(NanoDollars{INT64_MIN}.to_string(), "-9223372036.854775808");
}

}  // namespace
}  // namespace tidegate
