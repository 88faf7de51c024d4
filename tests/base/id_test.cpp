#include <tidegate/base/id.h>

#include <set>

#include <gtest/gtest.h>

namespace tidegate {
namespace {

constexpr WallTime kTime{std::chrono::milliseconds{1'760'000'000'123}};

TEST(CallId, CarriesItsTimeVersionAndVariant) {
    const CallId id = CallId::make(kTime);
    EXPECT_EQ(id.time(), kTime);
    const std::string text = id.to_string();
    EXPECT_EQ(text[14], '7');
    EXPECT_TRUE(text[19] == '8' || text[19] == '9' || text[19] == 'a' || text[19] == 'b') << text;
}

TEST(CallId, ReadsBackItsText) {
    const CallId id = CallId::make(kTime);
    EXPECT_EQ(CallId::parse(id.to_string()), id);
    EXPECT_FALSE(CallId::parse("not an id"));
    EXPECT_FALSE(CallId::parse(std::string(36, '-')));
}

TEST(CallId, DiffersWithinAMillisecond) {
    std::set<CallId> ids;
    for (int i = 0; i < 10'000; ++i) ids.insert(CallId::make(kTime));
    EXPECT_EQ(ids.size(), 10'000U);
}

}  // namespace
}  // namespace tidegate
