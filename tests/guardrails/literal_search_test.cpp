#include "guardrails/literal_search.h"

#include <thread>

#include <gmock/gmock.h>

namespace tidegate::guardrails {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<int> found(const LiteralSearch& search, std::string_view text) {
    std::vector<int> places;
    EXPECT_TRUE(search.find(text, places));
    return places;
}

TEST(LiteralSearch, TellsWhichStringsATextHolds) {
    const auto search = LiteralSearch::make({"refund", "for ever", "und"});
    ASSERT_TRUE(search);
    EXPECT_THAT(found(*search, "A refund, a refund!"), UnorderedElementsAre(0, 2));
    EXPECT_THAT(found(*search, "for ever and ever"), ElementsAre(1));
    EXPECT_THAT(found(*search, "forever"), IsEmpty());
    EXPECT_THAT(found(*search, ""), IsEmpty());
}

TEST(LiteralSearch, KnowsNoCaseInAsciiAndNoneBeyond) {
    const auto search = LiteralSearch::make({"refund", "\xc3\xb6"});
    ASSERT_TRUE(search);
    EXPECT_THAT(found(*search, "REFUND"), ElementsAre(0));
    EXPECT_THAT(found(*search, "\xc3\xb6"), ElementsAre(1));
    EXPECT_THAT(found(*search, "\xc3\x96"), IsEmpty());
}

TEST(LiteralSearch, TakesStringsAsTheyAreAndNotAsExpressions) {
    const auto search = LiteralSearch::make({"a.c", "\\d", std::string("x\0y", 3)});
    ASSERT_TRUE(search);
    EXPECT_THAT(found(*search, "abc 7"), IsEmpty());
    EXPECT_THAT(found(*search, std::string_view("a.c \\d x\0y", 10)), UnorderedElementsAre(0, 1, 2));
}

TEST(LiteralSearch, SearchesOnManyThreadsWithManyListsOfStrings) {
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
