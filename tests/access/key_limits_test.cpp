#include <tidegate/access/key_limits.h>

#include <atomic>
#include <barrier>
#include <functional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tidegate::access {
namespace {

using namespace std::chrono_literals;

const SteadyTime kNow{1h};

TEST(MinuteBucket, GivesAMinutesWorthAtOnceAndNotOneMore) {
    for (const std::int64_t bound : {1, 7, 59, 60, 61, 600, 999'983}) {
        MinuteBucket bucket;
        EXPECT_TRUE(bucket.try_take(bound - 1, bound, kNow));
        EXPECT_TRUE(bucket.try_take(1, bound, kNow));
        EXPECT_FALSE(bucket.try_take(1, bound, kNow)) << bound;
    }
}

TEST(MinuteBucket, GivesOneBackWhenItsPartOfTheMinuteHasPassed) {
    MinuteBucket bucket;
    ASSERT_TRUE(bucket.try_take(6, 6, kNow));
    EXPECT_FALSE(bucket.try_take(1, 6, kNow + 10s - 1ns));
    EXPECT_TRUE(bucket.try_take(1, 6, kNow + 10s));
    EXPECT_FALSE(bucket.try_take(1, 6, kNow + 10s));
    EXPECT_TRUE(bucket.try_take(1, 6, kNow + 20s));
}

TEST(MinuteBucket, NeverGivesMoreThanItsRateWhereverTheNanosecondsFall) {
    constexpr std::int64_t kBound = 7;  // of which no number of nanoseconds is a whole part
    MinuteBucket bucket;
    SteadyTime now = kNow;
    std::int64_t taken = 0;
    for (int i = 0; i < 100'000; ++i) {
        if (bucket.try_take(1, kBound, now))
            ++taken;
        now += 60ms + 7ns;
    }
    const Duration passed = 99'999 * (60ms + 7ns);
    EXPECT_EQ(taken, kBound + passed.count() * kBound / Duration(1min).count());
}

TEST(MinuteBucket, HoldsNoMoreThanAMinutesWorthAfterALongRest) {
    MinuteBucket bucket;
    ASSERT_TRUE(bucket.try_take(10, 10, kNow));
    EXPECT_TRUE(bucket.try_take(10, 10, kNow + 24h * 365 * 10));
    EXPECT_FALSE(bucket.try_take(1, 10, kNow + 24h * 365 * 10));
}

TEST(MinuteBucket, ObeysANewBoundAtOnce) {
    MinuteBucket bucket;
    ASSERT_TRUE(bucket.try_take(10, 10, kNow));
    EXPECT_TRUE(bucket.try_take(5, 15, kNow));
    EXPECT_FALSE(bucket.try_take(1, 15, kNow));
    EXPECT_FALSE(bucket.try_take(1, 5, kNow));
    EXPECT_FALSE(bucket.try_take(1, 5, kNow + 131s)) << "15 were taken, 11 have drained";
    EXPECT_TRUE(bucket.try_take(1, 5, kNow + 132s));
}

TEST(MinuteBucket, TakesBackWhatWasNotNeeded) {
    MinuteBucket bucket;
    ASSERT_TRUE(bucket.try_take(100, 100, kNow));
    bucket.give_back(40);
    EXPECT_FALSE(bucket.try_take(41, 100, kNow));
    EXPECT_TRUE(bucket.try_take(40, 100, kNow));
    bucket.give_back(1000);
    EXPECT_FALSE(bucket.try_take(101, 100, kNow)) << "never below nothing";
    EXPECT_TRUE(bucket.try_take(100, 100, kNow));
}

TEST(MinuteBucket, SaysWhenItFits) {
    MinuteBucket bucket;
    EXPECT_EQ(bucket.wait(6, 6, kNow), Duration::zero());
    EXPECT_EQ(bucket.wait(7, 6, kNow), std::nullopt) << "never";
    ASSERT_TRUE(bucket.try_take(6, 6, kNow));
    EXPECT_EQ(bucket.wait(1, 6, kNow), 10s);
    EXPECT_EQ(bucket.wait(6, 6, kNow + 1s), 59s);
    for (const std::int64_t bound : {7, 11, 999'983}) {
        MinuteBucket odd;
        ASSERT_TRUE(odd.try_take(bound, bound, kNow));
        const Duration wait = odd.wait(1, bound, kNow).value();
        EXPECT_FALSE(odd.try_take(1, bound, kNow + wait - 1ns)) << bound;
        EXPECT_TRUE(odd.try_take(1, bound, kNow + wait)) << bound;
    }
}

TEST(MinuteBucket, IsNotConfusedByAThreadWithAnEarlierTime) {
    MinuteBucket bucket;
    ASSERT_TRUE(bucket.try_take(6, 6, kNow + 10s));
    EXPECT_FALSE(bucket.try_take(1, 6, kNow));
    EXPECT_FALSE(bucket.try_take(1, 6, kNow + 20s - 1ns));
    EXPECT_TRUE(bucket.try_take(1, 6, kNow + 20s));
}

TEST(KeyLimit, CountsNoRefusedRequest) {
    KeyLimit limit;
    const Limits limits{.requests_per_minute = 2, .tokens_per_minute = {}, .concurrent = 1};
    Admission first = limit.admit(limits, kNow);
    ASSERT_TRUE(first.permit);
    for (int i = 0; i < 10; ++i) {
        const Admission refused = limit.admit(limits, kNow);
        EXPECT_FALSE(refused.permit);
        EXPECT_EQ(refused.limit, "concurrent");
        EXPECT_GT(refused.retry_after, Duration::zero());
    }
    first.permit.release();
    first.permit.release();  // no second time
    EXPECT_EQ(limit.in_flight(), 0);
    EXPECT_TRUE(limit.admit(limits, kNow).permit);
    const Admission refused = limit.admit(limits, kNow);
    EXPECT_EQ(refused.limit, "requests_per_minute");
    EXPECT_EQ(refused.retry_after, 30s);
    EXPECT_EQ(limit.in_flight(), 0);
}

TEST(KeyLimit, CountsRequestsInProgressEvenWhileThereIsNoBound) {
    KeyLimit limit;
    const Admission unbounded = limit.admit({}, kNow);
    const Limits one{.requests_per_minute = {}, .tokens_per_minute = {}, .concurrent = 1};
    EXPECT_FALSE(limit.admit(one, kNow).permit);
}

TEST(Permit, MovesItsPlace) {
    KeyLimit limit;
    Permit first = limit.admit({}, kNow).permit;
    Permit second = std::move(first);
    EXPECT_EQ(limit.in_flight(), 1);
    first = std::move(second);
    EXPECT_TRUE(first);
    first = Permit();
    EXPECT_EQ(limit.in_flight(), 0);
}

TEST(KeyLimits, AreByName) {
    KeyLimits limits;
    EXPECT_EQ(&limits.of("a"), &limits.of("a"));
    EXPECT_NE(&limits.of("a"), &limits.of("b"));
}

// Begins `count` threads' work at the same moment.
void together(int count, const std::function<void(int)>& work) {
    std::barrier gate(count);
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            gate.arrive_and_wait();
            work(i);
        });
    }
}

constexpr int kThreads = 1000;

TEST(KeyLimitUnderAThousandThreads, AdmitsExactlyTheRequestsOfAMinute) {
    KeyLimit limit;
    const Limits limits{.requests_per_minute = 617, .tokens_per_minute = {}, .concurrent = {}};
    std::atomic<int> admitted{0};
    together(kThreads, [&](int) {
        for (int i = 0; i < 3; ++i) {
            if (limit.admit(limits, kNow).permit)
                ++admitted;
        }
    });
    EXPECT_EQ(admitted, 617);
    EXPECT_EQ(limit.in_flight(), 0);
}

TEST(KeyLimitUnderAThousandThreads, AdmitsExactlyAsManyAtTheSameTimeAsItMay) {
    KeyLimit limit;
    const Limits limits{.requests_per_minute = {}, .tokens_per_minute = {}, .concurrent = 50};
    std::atomic<int> admitted{0};
    std::barrier asked(kThreads);
    together(kThreads, [&](int) {
        const Admission held = limit.admit(limits, kNow);
        if (held.permit)
            ++admitted;
        asked.arrive_and_wait();  // nobody leaves before everybody has asked
    });
    EXPECT_EQ(admitted, 50);
    EXPECT_EQ(limit.in_flight(), 0);
}

TEST(KeyLimitUnderAThousandThreads, LosesNoPlaceAndGivesNoneTwice) {
    KeyLimit limit;
    const Limits limits{.requests_per_minute = {}, .tokens_per_minute = {}, .concurrent = 10};
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    together(kThreads, [&](int) {
        for (int i = 0; i < 100; ++i) {
            const Admission held = limit.admit(limits, kNow);
            if (!held.permit)
                continue;
            const int now = ++inside;
            int seen = most;
            while (seen < now && !most.compare_exchange_weak(seen, now)) {
            }
            --inside;
        }
    });
    EXPECT_LE(most, 10);
    EXPECT_EQ(limit.in_flight(), 0);
    std::vector<Admission> all;
    for (int i = 0; i < 20; ++i) all.push_back(limit.admit(limits, kNow));
    EXPECT_EQ(limit.in_flight(), 10);
}

TEST(KeyLimitUnderAThousandThreads, TakesExactlyTheTokensOfAMinute) {
    constexpr std::int64_t kBound = 1'000'000;
    KeyLimit limit;
    std::atomic<std::int64_t> used{0};
    std::atomic<int> refused{0};
    together(kThreads, [&](int thread) {
        const std::int64_t worst = 1000 + thread;
        for (int i = 0; i < 20; ++i) {
            if (!limit.try_take_tokens(worst, kBound, kNow)) {
                ++refused;
                continue;
            }
            limit.give_back_tokens(worst - 100);
            used += 100;
        }
    });
    EXPECT_LE(used, kBound);
    EXPECT_EQ(used, (20 * kThreads - refused) * 100);
    EXPECT_TRUE(limit.try_take_tokens(kBound - used, kBound, kNow));
    EXPECT_FALSE(limit.try_take_tokens(1, kBound, kNow));
}

}  // namespace
}  // namespace tidegate::access
