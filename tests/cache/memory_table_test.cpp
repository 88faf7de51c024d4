#include "cache/entries.h"

#include <tidegate/cache/memory_table.h>

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace tidegate::cache {
namespace {

using namespace std::chrono_literals;
using test::answer;
using test::key_of;

constexpr std::uint64_t kOneMiB = 1 << 20;

class MemoryTableTest : public testing::Test {
  protected:
    ManualClock clock_;
    MemoryTable table_{kOneMiB, clock_};

    bool holds(std::string_view name) { return table_.find(key_of(name), kHoweverOld) != nullptr; }
};

TEST_F(MemoryTableTest, GivesBackWhatWasStored) {
    const auto entry = answer("hello");
    table_.store(key_of("a"), entry);
    EXPECT_EQ(table_.find(key_of("a"), 1min), entry);
    EXPECT_EQ(table_.find(key_of("b"), 1min), nullptr);
    EXPECT_EQ(table_.entries(), 1U);
}

TEST_F(MemoryTableTest, ForgetsByAgeAsTheQuestionSaysButHoldsTheAnswer) {
    table_.store(key_of("a"), answer("hello"));
    clock_.advance(10min);
    EXPECT_NE(table_.find(key_of("a"), 10min), nullptr);
    clock_.advance(1ns);
    EXPECT_EQ(table_.find(key_of("a"), 10min), nullptr);
    EXPECT_NE(table_.find(key_of("a"), 20min), nullptr) << "a longer time holds at once";
    EXPECT_NE(table_.find(key_of("a"), kHoweverOld), nullptr);
}

TEST_F(MemoryTableTest, IsDeafToTheWallClock) {
    table_.store(key_of("a"), answer("hello"));
    clock_.jump_wall(24h * 365);
    EXPECT_NE(table_.find(key_of("a"), 1min), nullptr);
}

TEST_F(MemoryTableTest, BeginsTheAgeAnewWhenAnAnswerIsReplaced) {
    table_.store(key_of("a"), answer("old"));
    clock_.advance(9min);
    table_.store(key_of("a"), answer("new"));
    clock_.advance(9min);
    const auto found = table_.find(key_of("a"), 10min);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->body, "new");
    EXPECT_EQ(table_.entries(), 1U);
}

TEST_F(MemoryTableTest, DropsWhatWasUsedLongestAgoWhereTheRoomEnds) {
    const std::string third(kOneMiB / 4, 'x');
    table_.store(key_of("a"), answer(third));
    table_.store(key_of("b"), answer(third));
    table_.store(key_of("c"), answer(third));
    EXPECT_TRUE(holds("a"));  // used again
    table_.store(key_of("d"), answer(third));
    EXPECT_TRUE(holds("a"));
    EXPECT_FALSE(holds("b"));
    EXPECT_TRUE(holds("c"));
    EXPECT_TRUE(holds("d"));
    EXPECT_EQ(table_.evicted(), 1U);
    EXPECT_LE(table_.bytes(), kOneMiB);
}

TEST_F(MemoryTableTest, NeverHoldsMoreThanItsBound) {
    for (int i = 0; i < 2000; ++i) {
        table_.store(key_of(std::to_string(i % 700)),
                     answer(std::string(static_cast<std::size_t>(i) * 7 % 5000, 'x')));
        ASSERT_LE(table_.bytes(), kOneMiB);
    }
    EXPECT_GT(table_.evicted(), 0U);
    EXPECT_TRUE(holds(std::to_string(1999 % 700)));
}

TEST_F(MemoryTableTest, TakesNoAnswerThatIsLargerThanTheTableAndKeepsNoOlderOne) {
    table_.store(key_of("a"), answer("small"));
    table_.store(key_of("a"), answer(std::string(kOneMiB, 'x')));
    EXPECT_FALSE(holds("a"));
    EXPECT_EQ(table_.entries(), 0U);
    EXPECT_EQ(table_.bytes(), 0U);
}

TEST_F(MemoryTableTest, HasRoomForTheLargestAnswerInEveryShard) {
    MemoryTable large(256ULL << 20U, clock_);
    for (int i = 0; i < 32; ++i) {
        const Key key = key_of(std::to_string(i));
        large.store(key, answer(std::string(kLargestEntry - 1024, 'x')));
        EXPECT_NE(large.find(key, kHoweverOld), nullptr);
    }
    EXPECT_LE(large.bytes(), 256ULL << 20U);
}

TEST_F(MemoryTableTest, LeavesAnAnswerToWhoHoldsItWhenItIsDropped) {
    table_.store(key_of("a"), answer("hello"));
    const auto held = table_.find(key_of("a"), kHoweverOld);
    table_.store(key_of("a"), answer("other"));
    EXPECT_EQ(held->body, "hello");
}

TEST_F(MemoryTableTest, TakesManyThreads) {
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 2000; ++i) {
                    const std::string name = std::to_string((i * 7 + t) % 300);
                    const auto found = table_.find(key_of(name), 1min);
                    if (found && found->body != name + std::string(8000, 'x'))
                        ++wrong;
                    if (!found)
                        table_.store(key_of(name), answer(name + std::string(8000, 'x')));
                }
            });
        }
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_LE(table_.bytes(), kOneMiB);
}

}  // namespace
}  // namespace tidegate::cache
