#include "guardrails/literal_search.h"

#include <algorithm>
#include <cctype>
#include <random>
#include <thread>

#include <gmock/gmock.h>

namespace tidegate::guardrails {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Hyperscan is for one architecture only.
class LiteralSearchTest : public testing::Test {
  protected:
    void SetUp() override {
#ifndef __x86_64__
        GTEST_SKIP() << "no Hyperscan on this architecture";
#endif
    }
};

std::vector<int> found(const LiteralSearch& search, std::string_view text) {
    std::vector<int> places;
    EXPECT_TRUE(search.find(text, places));
    return places;
}

TEST_F(LiteralSearchTest, TellsWhichStringsATextHolds) {
    const auto search = LiteralSearch::make({"refund", "for ever", "und"});
    ASSERT_TRUE(search);
    EXPECT_THAT(found(*search, "A refund, a refund!"), UnorderedElementsAre(0, 2));
    EXPECT_THAT(found(*search, "for ever and ever"), ElementsAre(1));
    EXPECT_THAT(found(*search, "forever"), IsEmpty());
    EXPECT_THAT(found(*search, ""), IsEmpty());
}

TEST_F(LiteralSearchTest, KnowsNoCaseInAsciiAndNoneBeyond) {
    const auto search = LiteralSearch::make({"refund", "\xc3\xb6"});
    ASSERT_TRUE(search);
    EXPECT_THAT(found(*search, "REFUND"), ElementsAre(0));
    EXPECT_THAT(found(*search, "\xc3\xb6"), ElementsAre(1));
    EXPECT_THAT(found(*search, "\xc3\x96"), IsEmpty());
}

TEST_F(LiteralSearchTest, TakesStringsAsTheyAreAndNotAsExpressions) {
    const auto search = LiteralSearch::make({"a.c", "\\d", std::string("x\0y", 3)});
    ASSERT_TRUE(search);
    EXPECT_THAT(found(*search, "abc 7"), IsEmpty());
    EXPECT_THAT(found(*search, std::string_view("a.c \\d x\0y", 10)), UnorderedElementsAre(0, 1, 2));
}

// As find() has it, byte by byte.
bool holds(std::string_view text, std::string_view literal) {
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    return std::search(text.begin(), text.end(), literal.begin(), literal.end(), same) != text.end();
}

// Whatever the list, the length of the text, the place in it and its place in memory: other engines search
// short texts and long ones, few strings and many, and libraries like this one have missed what stands at an
// end.
TEST_F(LiteralSearchTest, MissesNothingWhereverItStands) {
    constexpr std::string_view kLetters = "abcdeTUVz -.";
    std::mt19937 random(11);
    const auto word = [&](std::size_t size) {
        std::string text;
        while (text.size() < size) text += kLetters[random() % kLetters.size()];
        return text;
    };
    std::size_t held = 0;
    for (const std::size_t count : {1U, 2U, 3U, 8U, 40U, 200U}) {
        std::vector<std::string> literals;
        while (literals.size() < count) literals.push_back(word(3 + random() % 20));
        const auto search = LiteralSearch::make(literals);
        ASSERT_TRUE(search);
        for (int round = 0; round < 3000; ++round) {
            const std::size_t alignment = random() % 64;
            std::string text = word(alignment + random() % 300);
            const std::string& planted = literals[random() % count];
            text.insert(alignment + random() % (text.size() - alignment + 1), planted);
            const std::string_view searched = std::string_view(text).substr(alignment);
            const std::vector<int> places = found(*search, searched);
            for (std::size_t i = 0; i < count; ++i) {
                const bool told = std::find(places.begin(), places.end(), static_cast<int>(i)) != places.end();
                ASSERT_EQ(told, holds(searched, literals[i])) << literals[i] << " in " << searched;
                held += told ? 1 : 0;
            }
        }
    }
    EXPECT_GT(held, 18'000U);
}

TEST_F(LiteralSearchTest, SearchesOnManyThreadsWithManyListsOfStrings) {
    std::vector<std::unique_ptr<const LiteralSearch>> searches;
    for (int list = 0; list < 40; ++list) {
        std::vector<std::string> literals;
        for (int i = 0; i <= list * list; ++i) literals.push_back("word" + std::to_string(i) + ";");
        searches.push_back(LiteralSearch::make(literals));
    }
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            for (int list = 0; list < 40; ++list) {
                const int last = list * list;
                EXPECT_THAT(found(*searches[static_cast<std::size_t>(list)],
                                  "a WORD" + std::to_string(last) + "; word" + std::to_string(last + 1) + ";"),
                            ElementsAre(last));
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tidegate::guardrails
