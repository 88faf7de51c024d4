#include <tidegate/async/timer_wheel.h>

#include <memory>
#include <optional>

#include <gtest/gtest.h>

namespace tidegate::async {
namespace {

using namespace std::chrono_literals;

class TimerWheelTest : public testing::Test {
  protected:
    void advance(Duration by) {
        clock_.advance(by);
        wheel_.advance();
    }

    ManualClock clock_;
    TimerWheel wheel_{clock_};
    int fired_ = 0;
    TimerWheel::Entry entry_{wheel_, [this] { ++fired_; }};
};

TEST_F(TimerWheelTest, FiresOnceInTheTickAfterTheDeadline) {
    entry_.arm_in(250ms);
    advance(250ms);
    EXPECT_EQ(fired_, 0) << "never early";
    advance(100ms);
    EXPECT_EQ(fired_, 1);
    advance(10s);
    EXPECT_EQ(fired_, 1);
    EXPECT_EQ(wheel_.armed(), 0U);
}

TEST_F(TimerWheelTest, MovesLaterAndEarlier) {
    entry_.arm_in(1s);
    entry_.arm_in(5s);
    advance(2s);
    EXPECT_EQ(fired_, 0);
    entry_.arm_in(500ms);
    advance(700ms);
    EXPECT_EQ(fired_, 1);
}

TEST_F(TimerWheelTest, KeepsDeadlinesBeyondOneRound) {
    entry_.arm_in(300s);
    advance(299s);
    EXPECT_EQ(fired_, 0);
    advance(2s);
    EXPECT_EQ(fired_, 1);
}

TEST_F(TimerWheelTest, FiresAfterAPauseLongerThanARound) {
    entry_.arm_in(1s);
    advance(3600s);
    EXPECT_EQ(fired_, 1);
}

TEST_F(TimerWheelTest, DisarmedEntriesStaySilent) {
    entry_.arm_in(1s);
    entry_.disarm();
    advance(5s);
    EXPECT_EQ(fired_, 0);
    EXPECT_EQ(wheel_.armed(), 0U);
}

TEST_F(TimerWheelTest, FiresOnceThoughDisarmedBefore) {
    entry_.arm_in(1s);
    entry_.disarm();
    entry_.arm_in(500ms);
    advance(700ms);
    EXPECT_EQ(fired_, 1);
    entry_.arm_in(500ms);
    entry_.disarm();
    entry_.arm_in(2s);
    advance(1s);
    EXPECT_EQ(fired_, 1) << "not by the deadline that was taken back";
    advance(1200ms);
    EXPECT_EQ(fired_, 2);
    advance(200s);
    EXPECT_EQ(fired_, 2);
}

TEST_F(TimerWheelTest, AnEntryMayDestroyItselfAndItsNeighbourWhenItFires) {
    auto neighbour = std::make_unique<TimerWheel::Entry>(wheel_, [this] { ++fired_; });
    std::optional<TimerWheel::Entry> self;
    self.emplace(wheel_, [&] {
        neighbour.reset();
        self.reset();
    });
    neighbour->arm_in(1s);
    self->arm_in(1s);
    advance(2s);
    EXPECT_EQ(fired_, 0);
    EXPECT_EQ(wheel_.armed(), 0U);
}

TEST_F(TimerWheelTest, CountsArmedEntriesUnderRandomUse) {
    std::vector<std::unique_ptr<TimerWheel::Entry>> entries;
    int expected = 0;
    int fired = 0;
    for (int i = 0; i < 5000; ++i) {
        entries.push_back(std::make_unique<TimerWheel::Entry>(wheel_, [&fired] { ++fired; }));
        entries.back()->arm_in(std::chrono::milliseconds{(i * 7919) % 200'000});
        if (i % 3 == 0) {
            entries.back()->disarm();
        } else {
            ++expected;
        }
        if (i % 10 == 0)
            advance(30ms);
    }
    for (int i = 0; i < 2100; ++i) advance(100ms);
    EXPECT_EQ(fired, expected);
    EXPECT_EQ(wheel_.armed(), 0U);
}

}  // namespace
}  // namespace tidegate::async
