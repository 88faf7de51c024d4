// Sentences by ICU: abbreviations, other scripts, broken and endless texts.
#include <tidegate/calls/first_sentences.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tidegate::calls {
namespace {

TEST(FirstSentences, StopsAtTheEndOfASentence) {
    EXPECT_EQ(first_sentences("It came. It left. It came again.", 1), "It came.");
    EXPECT_EQ(first_sentences("It came. It left. It came again.", 2), "It came. It left.");
    EXPECT_EQ(first_sentences("  Really?!  Yes.", 1), "Really?!");
    EXPECT_EQ(first_sentences("It costs 3.50 a day. Fine.", 1), "It costs 3.50 a day.");
}

TEST(FirstSentences, KnowsAbbreviations) {
    EXPECT_EQ(first_sentences("Dr. Smith came. He left.", 1), "Dr. Smith came.");
    EXPECT_EQ(first_sentences("We saw Prof. Lee and Gen. Hall. They waved.", 1),
              "We saw Prof. Lee and Gen. Hall.");
    EXPECT_EQ(first_sentences("Mr. and Mrs. Jones wrote. We answered.", 1), "Mr. and Mrs. Jones wrote.");
}

TEST(FirstSentences, KnowsOtherScripts) {
    EXPECT_EQ(first_sentences("你好。今天天气很好。再见。", 2), "你好。今天天气很好。");
    EXPECT_EQ(first_sentences("今日は晴れです。明日は雨です。", 1), "今日は晴れです。");
    EXPECT_EQ(first_sentences("كيف حالك؟ أنا بخير.", 1), "كيف حالك؟");
    EXPECT_EQ(first_sentences("यह पहला वाक्य है। यह दूसरा है।", 1), "यह पहला वाक्य है।");
}

TEST(FirstSentences, GivesAllWhenThereIsNoMore) {
    EXPECT_EQ(first_sentences("no end in sight", 3), "no end in sight");
    EXPECT_EQ(first_sentences("One. Two.", 5), "One. Two.");
    EXPECT_EQ(first_sentences("", 1), "");
    EXPECT_EQ(first_sentences(" \n ", 1), "");
    EXPECT_EQ(first_sentences("One. Two.", 0), "");
}

TEST(FirstSentences, BoundsWhatItGives) {
    EXPECT_EQ(first_sentences(std::string(1U << 20U, 'a'), 1), std::string(2000, 'a'));
    EXPECT_EQ(first_sentences("Short. " + std::string(3000, 'A') + ".", 2), "Short.");
    // An emoji is two units of UTF-16: it is kept whole or not at all.
    std::string emoji = "a";
    for (int i = 0; i < 2000; ++i) emoji += "😀";
    EXPECT_EQ(first_sentences(emoji, 1), emoji.substr(0, 1 + 999 * 4));
}

TEST(FirstSentences, ReplacesBrokenBytes) {
    EXPECT_EQ(first_sentences("A\xff b. C.", 1), "A\xef\xbf\xbd b.");
    EXPECT_EQ(first_sentences(std::string(100'000, '\x80'), 1), "");
    EXPECT_EQ(first_sentences(std::string("a\0b. C.", 7), 1), std::string("a\0b.", 4));
}

TEST(FirstSentences, TakesEveryNaughtyString) {
    std::ifstream file(TIDEGATE_SOURCE_DIR "/../shared/corpora/strings/blns.json");
    if (!file)
        GTEST_SKIP() << "the corpus of strings is not here";
    for (const auto& text : nlohmann::json::parse(file).get<std::vector<std::string>>()) {
        const std::string first = first_sentences(text, 1);
        EXPECT_LE(first.size(), text.size());
        EXPECT_NE(text.find(first), std::string::npos) << text;
    }
}

}  // namespace
}  // namespace tidegate::calls
