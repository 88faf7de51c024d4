#include <tidegate/upstream/circuit_breaker.h>

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tidegate::upstream {
namespace {

using std::chrono::seconds;

class Breaker : public testing::Test {
  protected:
    void fail(int times, Duration cooldown = Duration::zero()) {
        for (int i = 0; i < times; ++i) {
            auto admission = breaker.admit(clock.steady());
            admission.failure(clock.steady(), cooldown);
        }
    }
    void succeed(int times) {
        for (int i = 0; i < times; ++i) {
            auto admission = breaker.admit(clock.steady());
            admission.success(clock.steady());
        }
    }
    CircuitState state() const { return breaker.state(clock.steady()); }

    ManualClock clock;
    CircuitBreaker breaker;
};

TEST_F(Breaker, OpensAfterFiveFailuresInARow) {
    fail(4);
    EXPECT_EQ(state(), CircuitState::closed);
    fail(1);
    EXPECT_EQ(state(), CircuitState::open);
    EXPECT_FALSE(breaker.admit(clock.steady()));
}

TEST_F(Breaker, ASuccessInBetweenStartsTheRowAnew) {
    fail(4);
    succeed(1);
    fail(4);
    EXPECT_EQ(state(), CircuitState::closed);
}

TEST_F(Breaker, OpensWhenHalfOfTheLastTenSecondsFailed) {
    for (int i = 0; i < 9; ++i) {
        succeed(1);
        fail(1);
    }
    EXPECT_EQ(state(), CircuitState::closed) << "18 calls are too few to judge by rate";
    succeed(1);
    fail(1);
    EXPECT_EQ(state(), CircuitState::open);
}

TEST_F(Breaker, ForgetsFailuresOlderThanTheWindow) {
    for (int i = 0; i < 9; ++i) {
        fail(1);
        succeed(1);
    }
    clock.advance(seconds{11});
    for (int i = 0; i < 3; ++i) {
        succeed(1);
        fail(1);
    }
    EXPECT_EQ(state(), CircuitState::closed);
}

TEST_F(Breaker, LetsOneProbeThroughAndClosesWhenItSucceeds) {
    fail(5);
    clock.advance(CircuitBreaker::kOpenFor);
    EXPECT_EQ(state(), CircuitState::half_open);
    auto probe = breaker.admit(clock.steady());
    EXPECT_TRUE(probe);
    EXPECT_FALSE(breaker.admit(clock.steady()));
    probe.success(clock.steady());
    EXPECT_EQ(state(), CircuitState::closed);
    fail(4);
    EXPECT_EQ(state(), CircuitState::closed) << "failures from before count no more";
}

TEST_F(Breaker, StaysOpenTwiceAsLongAfterAFailedProbe) {
    fail(5);
    clock.advance(CircuitBreaker::kOpenFor);
    fail(1);
    EXPECT_EQ(breaker.wait(clock.steady()), 2 * CircuitBreaker::kOpenFor);
    for (int i = 0; i < 10; ++i) {
        clock.advance(breaker.wait(clock.steady()));
        fail(1);
    }
    EXPECT_EQ(breaker.wait(clock.steady()), CircuitBreaker::kLongestOpen);
}

TEST_F(Breaker, AProbeThatReportsNothingGivesItsPlaceFree) {
    fail(5);
    clock.advance(CircuitBreaker::kOpenFor);
    {
        const auto abandoned = breaker.admit(clock.steady());
    }
    EXPECT_EQ(state(), CircuitState::half_open);
    EXPECT_TRUE(breaker.admit(clock.steady()));
}

TEST_F(Breaker, NeverCutsALongerCooldownByAShorterOne) {
    auto one = breaker.admit(clock.steady());
    auto two = breaker.admit(clock.steady());
    one.failure(clock.steady(), seconds{60});
    two.failure(clock.steady(), seconds{2});
    EXPECT_EQ(breaker.wait(clock.steady()), seconds{60});
}

TEST_F(Breaker, CapsAnAbsurdCooldownAndIgnoresANegativeOne) {
    fail(1, seconds{-5});
    EXPECT_EQ(state(), CircuitState::closed);
    fail(1, std::chrono::hours{24 * 365 * 100});
    EXPECT_EQ(breaker.wait(clock.steady()), CircuitBreaker::kLongestCooldown);
}

TEST_F(Breaker, LateFailuresOfCallsBegunBeforeDoNotProlongIt) {
    std::vector<CircuitBreaker::Admission> late;
    for (int i = 0; i < 20; ++i) late.push_back(breaker.admit(clock.steady()));
    fail(5);
    clock.advance(seconds{3});
    for (auto& admission : late) admission.failure(clock.steady());
    EXPECT_EQ(breaker.wait(clock.steady()), CircuitBreaker::kOpenFor - seconds{3});
}

TEST(BreakerThreads, AdmitExactlyOneProbeAmongMany) {
    ManualClock clock;
    CircuitBreakers all;
    for (int round = 0; round < 50; ++round) {
        CircuitBreaker& breaker = all.of("p", "m" + std::to_string(round));
        for (int i = 0; i < 5; ++i) breaker.admit(clock.steady()).failure(clock.steady());
        clock.advance(CircuitBreaker::kOpenFor);
        std::atomic<int> probes{0};
        std::vector<CircuitBreaker::Admission> kept(4);
        std::vector<std::thread> threads;
        for (std::size_t t = 0; t < kept.size(); ++t) {
            threads.emplace_back([&, t] {
                kept[t] = all.of("p", "m" + std::to_string(round)).admit(clock.steady());
                if (kept[t])
                    ++probes;
            });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_EQ(probes, 1);
    }
}

TEST(BreakerThreads, KeepOneBreakerForEachProviderAndModel) {
    CircuitBreakers all;
    EXPECT_EQ(&all.of("a", "b"), &all.of("a", "b"));
    EXPECT_NE(&all.of("a", "b"), &all.of("ab", ""));
    EXPECT_NE(&all.of("a", "b"), &all.of("a", "c"));
}

TEST(BreakerThreads, MixOfReportsLeavesItUsable) {
    ManualClock clock;
    CircuitBreaker breaker;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 5'000; ++i) {
                auto admission = breaker.admit(clock.steady());
                if (i % 3 == t % 3) {
                    admission.failure(clock.steady());
                } else if (i % 3 == (t + 1) % 3) {
                    admission.success(clock.steady());
                }
                if (i % 100 == 0)
                    clock.advance(seconds{1});
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    clock.advance(CircuitBreaker::kLongestOpen);
    breaker.admit(clock.steady()).success(clock.steady());
    EXPECT_EQ(breaker.state(clock.steady()), CircuitState::closed);
}

}  // namespace
}  // namespace tidegate::upstream
