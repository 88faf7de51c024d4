#include <tidegate/upstream/limits.h>

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tidegate::upstream {
namespace {

TEST(RetryBudget, AllowsAFewWithoutAnyRequests) {
    const ManualClock clock;
    RetryBudget budget;
    for (std::uint64_t i = 0; i < RetryBudget::kFloor; ++i) EXPECT_TRUE(budget.try_take(clock.steady()));
    EXPECT_FALSE(budget.try_take(clock.steady()));
}

TEST(RetryBudget, AllowsOneInFiveOfTheRequests) {
    const ManualClock clock;
    RetryBudget budget;
    for (int i = 0; i < 400; ++i) budget.request(clock.steady());
    int taken = 0;
    while (budget.try_take(clock.steady())) ++taken;
    EXPECT_EQ(taken, 80);
}

TEST(RetryBudget, ForgetsWhatIsOlderThanTheWindow) {
    ManualClock clock;
    RetryBudget budget;
    for (int i = 0; i < 100; ++i) budget.request(clock.steady());
    int taken = 0;
    while (budget.try_take(clock.steady())) ++taken;
    EXPECT_EQ(taken, 20);
    clock.advance(std::chrono::seconds{RetryBudget::kWindowSeconds});
    taken = 0;
    while (budget.try_take(clock.steady())) ++taken;
    EXPECT_EQ(taken, static_cast<int>(RetryBudget::kFloor));
}

TEST(RetryBudget, IsNeverOverdrawnByThreads) {
    const ManualClock clock;
    RetryBudget budget;
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1'000; ++i) {
                budget.request(clock.steady());
                if (budget.try_take(clock.steady()))
                    ++taken;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    while (budget.try_take(clock.steady())) ++taken;
    EXPECT_EQ(taken, 800);
}

TEST(ConcurrencyLimit, RefusesAtTheBoundAndGivesPlacesBack) {
    ConcurrencyLimit limit;
    auto one = limit.try_acquire(2);
    auto two = limit.try_acquire(2);
    EXPECT_TRUE(one);
    EXPECT_TRUE(two);
    EXPECT_FALSE(limit.try_acquire(2));
    EXPECT_TRUE(limit.try_acquire(3)) << "a reload that raises the bound counts at once";
    one.release();
    EXPECT_TRUE(limit.try_acquire(2));
    EXPECT_EQ(limit.in_flight(), 1);
}

TEST(ConcurrencyLimit, IsUnlimitedAtZero) {
    ConcurrencyLimit limit;
    std::vector<ConcurrencyLimit::Permit> permits;
    for (int i = 0; i < 100; ++i) permits.push_back(limit.try_acquire(0));
    EXPECT_EQ(limit.in_flight(), 100);
    permits.clear();
    EXPECT_EQ(limit.in_flight(), 0);
}

TEST(ConcurrencyLimit, IsNeverExceededByThreads) {
    ConcurrencyLimits limits;
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 5'000; ++i) {
                const auto permit = limits.of("provider").try_acquire(2);
                if (!permit)
                    continue;
                const int now = ++inside;
                int seen = most.load();
                while (seen < now && !most.compare_exchange_weak(seen, now)) {
                }
                --inside;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(most, 2);
    EXPECT_EQ(limits.of("provider").in_flight(), 0);
}

}  // namespace
}  // namespace tidegate::upstream
