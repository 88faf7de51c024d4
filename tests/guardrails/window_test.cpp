#include "fake_checks.h"

#include <tidegate/guardrails/window.h>

#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

namespace tidegate::guardrails {
namespace {

// What a check of the whole text gives, worked out byte by byte.
std::string redact_whole(std::string_view text, const std::vector<WindowRule>& rules) {
    std::vector<std::string> begins(text.size() + 1);  // the category of a place that begins here
    std::vector<bool> gone(text.size() + 1);
    std::vector<bool> joined(text.size() + 1);  // no place begins here: one that began before reaches over it
    for (const WindowRule& rule : rules) {
        std::vector<Match> matches;
        rule.check->find(text, matches);
        for (const Match& match : matches) {
            if (!rule.redacts)
                continue;
            if (begins[match.begin].empty())
                begins[match.begin] = match.category;
            for (std::size_t at = match.begin; at < match.end; ++at) {
                gone[at] = true;
                if (at > match.begin)
                    joined[at] = true;
            }
        }
    }
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!begins[at].empty() && !joined[at])
            out += "[" + begins[at] + "]";
        if (!gone[at])
            out += text[at];
    }
    return out;
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

// Everything that goes out while a text comes in pieces, each as soon as it may.
struct Delivered {
    std::string text;
    std::map<std::string, int> finds;
    std::size_t most_memory = 0;
    std::size_t longest_delay = 0;  // bytes that were there and not decided
};

Delivered deliver(const std::vector<std::string_view>& pieces, const std::vector<WindowRule>& rules) {
    Window window(rules);
    Delivered delivered;
    std::vector<Find> finds;
    for (const std::string_view piece : pieces) {
        window.feed(piece, finds);
        const std::size_t before = delivered.text.size();
        window.write(window.decided(), delivered.text);
        const bool whole = before == delivered.text.size() || !is_continuation(delivered.text[before]);
        EXPECT_TRUE(whole) << "a character was cut";
        delivered.most_memory = std::max(delivered.most_memory, window.memory());
        delivered.longest_delay =
            std::max<std::size_t>(delivered.longest_delay, window.size() - window.decided());
    }
    window.finish(finds);
    window.write(window.size(), delivered.text);
    for (const Find& find : finds) {
        ++delivered.finds[std::string(find.category)];
        EXPECT_FALSE(find.torn);
    }
    return delivered;
}

std::vector<std::string_view> characters(std::string_view text) {
    std::vector<std::string_view> all;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t size = 1;
        while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xc0U) == 0x80U)
            ++size;
        all.push_back(text.substr(at, size));
        at += size;
    }
    return all;
}

// Joins characters into random pieces.
std::vector<std::string_view> cut(std::string_view text, std::mt19937& random, std::size_t longest) {
    std::vector<std::string_view> pieces;
    std::size_t at = 0;
    for (const std::string_view character : characters(text)) {
        const std::size_t end = static_cast<std::size_t>(character.data() - text.data()) + character.size();
        if (random() % longest == 0 || end == text.size()) {
            pieces.push_back(text.substr(at, end - at));
            at = end;
        }
    }
    return pieces;
}

class WindowProperty : public testing::Test {
  protected:
    WordCheck words_{"word", {"secret", "secretary", "ret", "é😀x", "aa"}};
    NumberCheck number_{"number", 4};
    std::vector<WindowRule> rules_{{&words_, words_.longest_match(), true, true},
                                   {&number_, number_.longest_match(), true, true}};

    // Words of the checks, parts of them and other characters, so that near misses are frequent.
    std::string random_text(std::mt19937& random, std::size_t parts) const {
        static const std::vector<std::string> kParts = {
            "secret", "secretary", "secr", "et", "ret", "a", "aa",  "é😀x", "é😀", "x", "1234", "123",
            "4",      "12345",     " ",    "日", "b",   ".", "sec", "s",    "r",   "y", "tary", "0"};
        std::string text;
        for (std::size_t i = 0; i < parts; ++i) text += kParts[random() % kParts.size()];
        return text;
    }
};

TEST_F(WindowProperty, DeliversWhatTheWholeTextGivesAtEverySplit) {
    std::mt19937 random(1);
    for (int round = 0; round < 300; ++round) {
        const std::string text = random_text(random, 8);
        const std::string whole = redact_whole(text, rules_);
        std::string_view rest = text;
        for (const std::string_view character : characters(text)) {
            const auto at = static_cast<std::size_t>(character.data() - text.data());
            EXPECT_EQ(deliver({rest.substr(0, at), rest.substr(at)}, rules_).text, whole)
                << text << " at " << at;
        }
        EXPECT_EQ(deliver(characters(text), rules_).text, whole) << text;
    }
}

TEST_F(WindowProperty, DeliversWhatTheWholeTextGivesInRandomPieces) {
    std::mt19937 random(2);
    for (int round = 0; round < 5000; ++round) {
        const std::string text = random_text(random, 1 + random() % 60);
        const std::vector<std::string_view> pieces = cut(text, random, 1 + random() % 12);
        ASSERT_EQ(deliver(pieces, rules_).text, redact_whole(text, rules_)) << text;
    }
}

TEST_F(WindowProperty, CountsEveryMatchOnce) {
    std::mt19937 random(3);
    for (int round = 0; round < 1000; ++round) {
        const std::string text = random_text(random, 1 + random() % 40);
        std::map<std::string, int> expected;
        for (const WindowRule& rule : rules_) {
            std::vector<Match> matches;
            rule.check->find(text, matches);
            for (const Match& match : matches) ++expected[std::string(match.category)];
        }
        ASSERT_EQ(deliver(cut(text, random, 5), rules_).finds, expected) << text;
    }
}

TEST_F(WindowProperty, WaitsForTheLongestMatchOnlyAndHoldsLittle) {
    std::mt19937 random(4);
    const std::string text = random_text(random, 200000);
    for (const auto& rules : {rules_, std::vector<WindowRule>{rules_[0]}, std::vector<WindowRule>{rules_[1]}}) {
        const Delivered delivered = deliver(characters(text), rules);
        EXPECT_TRUE(delivered.text == redact_whole(text, rules));
        std::size_t reach = 0;
        for (const WindowRule& rule : rules) reach = std::max(reach, rule.reach.value_or(0));
        EXPECT_LE(delivered.longest_delay, reach + 3) << "3: a character is not cut";
        EXPECT_LE(delivered.most_memory, 8192U);
    }
}

TEST(Window, ShowsNothingOfAMatchBeforeItIsWhole) {
    const WordCheck check("word", {"secret"});
    const std::vector<WindowRule> rules{{&check, check.longest_match(), true, true}};
    Window window(rules);
    std::vector<Find> finds;
    std::string out;
    for (const char c : std::string("it is secre")) {
        window.feed(std::string_view(&c, 1), finds);
        window.write(window.decided(), out);
    }
    EXPECT_TRUE(std::string_view("it is ").starts_with(out)) << out;
    window.feed("t, so", finds);
    window.finish(finds);
    window.write(window.size(), out);
    EXPECT_EQ(out, "it is [word], so");
    EXPECT_EQ(finds.size(), 1U);
}

TEST(Window, AsksACheckWithoutReachAtTheEndOnly) {
    const WordCheck check("word", {"bad"});
    const std::vector<WindowRule> rules{{&check, std::nullopt, true, true}};
    Window window(rules);
    std::vector<Find> finds;
    window.feed("bad text", finds);
    window.settle(finds);
    EXPECT_TRUE(finds.empty());
    EXPECT_EQ(window.decided(), 0U);
    window.finish(finds);
    EXPECT_EQ(finds.size(), 1U);
    EXPECT_EQ(window.decided(), 8U);
}

TEST(Window, DoesNotWaitForARuleThatOnlyWatches) {
    const WordCheck check("word", {"secret"});
    const std::vector<WindowRule> rules{{&check, check.longest_match(), false, false}};
    Window window(rules);
    std::vector<Find> finds;
    std::string out;
    window.feed("my secr", finds);
    EXPECT_EQ(window.decided(), 7U);
    window.write(7, out);
    window.feed("et!", finds);
    window.finish(finds);
    window.write(window.size(), out);
    EXPECT_EQ(out, "my secret!");
    EXPECT_EQ(finds.size(), 1U);
}

TEST(Window, DecidesEverythingWhenItIsSettled) {
    const WordCheck check("word", {"secret"});
    const std::vector<WindowRule> rules{{&check, check.longest_match(), true, true}};
    Window window(rules);
    std::vector<Find> finds;
    window.feed("a secr", finds);
    EXPECT_LT(window.decided(), 6U);
    window.settle(finds);
    EXPECT_EQ(window.decided(), 6U);
    EXPECT_TRUE(finds.empty());
}

TEST(Window, FindsAMatchThatASettledPlaceTears) {
    const WordCheck check("word", {"secret"});
    const std::vector<WindowRule> rules{{&check, check.longest_match(), true, true}};
    const std::string text = "a secret b";
    for (std::size_t at = 3; at < 8; ++at) {
        for (const std::size_t step : {std::size_t{1}, text.size()}) {
            Window window(rules);
            std::vector<Find> finds;
            window.feed(text.substr(0, at), finds);
            window.settle(finds);
            for (std::size_t from = at; from < text.size(); from += step) {
                window.feed(text.substr(from, step), finds);
                EXPECT_TRUE(window.decided() == at || !finds.empty()) << "nothing behind is shown before";
            }
            window.finish(finds);
            ASSERT_EQ(finds.size(), 1U) << at;
            EXPECT_TRUE(finds[0].torn) << at;
        }
    }
}

TEST(Window, WaitsUntilATornMatchIsCertain) {
    const NumberCheck check("number", 4);
    const std::vector<WindowRule> rules{{&check, check.longest_match(), true, true}};
    Window window(rules);
    std::vector<Find> finds;
    window.feed("a12", finds);
    window.settle(finds);
    window.feed("34", finds);
    window.feed("5 is longer", finds);
    window.finish(finds);
    EXPECT_TRUE(finds.empty());
}

TEST(Window, GoesOnAsBeforeBehindASettledPlace) {
    const WordCheck check("word", {"secret"});
    const std::vector<WindowRule> rules{{&check, check.longest_match(), true, true}};
    Window window(rules);
    std::vector<Find> finds;
    std::string out;
    window.feed("one secret", finds);
    window.settle(finds);
    window.write(window.decided(), out);
    for (const char c : std::string(" and another secret.")) {
        window.feed(std::string_view(&c, 1), finds);
        window.write(window.decided(), out);
    }
    window.finish(finds);
    window.write(window.size(), out);
    EXPECT_EQ(out, "one [word] and another [word].");
    EXPECT_EQ(finds.size(), 2U);
    EXPECT_FALSE(finds[0].torn || finds[1].torn);
}

TEST(Window, FindsAMatchBehindASettledPlaceOnceAndWhole) {
    const WordCheck check("word", {"secret"});
    const std::vector<WindowRule> rules{{&check, check.longest_match(), true, true}};
    Window window(rules);
    std::vector<Find> finds;
    std::string out;
    window.feed("one ", finds);
    window.settle(finds);
    window.write(window.decided(), out);
    window.feed("secret, and nothing more", finds);
    window.finish(finds);
    window.write(window.size(), out);
    EXPECT_EQ(out, "one [word], and nothing more");
    ASSERT_EQ(finds.size(), 1U);
    EXPECT_FALSE(finds[0].torn);
}

TEST(Redactions, JoinWhatOverlapsUnderTheFirstCategory) {
    Redactions redactions;
    redactions.add({5, 8, "b", 1});
    redactions.add({2, 6, "a", 2});
    redactions.add({8, 9, "c", 0});
    std::string out;
    EXPECT_TRUE(redactions.write("0123456789", 0, 0, 10, out));
    EXPECT_EQ(out, "01[a][c]9");
}

TEST(Redactions, OfTwoThatBeginTogetherTakeTheSmallerRank) {
    for (const bool first : {false, true}) {
        Redactions redactions;
        redactions.add(first ? Redactions::Place{2, 6, "a", 0} : Redactions::Place{2, 4, "b", 1});
        redactions.add(first ? Redactions::Place{2, 4, "b", 1} : Redactions::Place{2, 6, "a", 0});
        std::string out;
        redactions.write("01234567", 0, 0, 8, out);
        EXPECT_EQ(out, "01[a]67");
    }
}

TEST(Redactions, DoNotDependOnTheOrderInWhichTheyCome) {
    std::mt19937 random(5);
    for (int round = 0; round < 2000; ++round) {
        std::vector<Redactions::Place> places;
        for (std::size_t count = random() % 8; count > 0; --count) {
            const std::size_t begin = random() % 20;
            const std::size_t rank = random() % 3;
            places.push_back(
                {begin, begin + random() % 6, std::string(1, static_cast<char>('a' + rank)), rank});
        }
        std::string first;
        for (int order = 0; order < 4; ++order) {
            Redactions redactions;
            for (const auto& place : places) redactions.add(place);
            const std::string out = redactions.write_all("0123456789abcdefghijklmnop");
            if (order == 0)
                first = out;
            ASSERT_EQ(out, first);
            std::shuffle(places.begin(), places.end(), random);
        }
    }
}

TEST(Redactions, OfManyPlacesAreCheap) {
    Redactions redactions;
    constexpr std::size_t kMany = 200'000;
    for (std::size_t i = 0; i < kMany; ++i) redactions.add({i * 4, i * 4 + 2, "a", 0});
    for (std::size_t i = 0; i < kMany; ++i) redactions.add({i * 4 + 1, i * 4 + 3, "b", 1});
    EXPECT_EQ(redactions.write_all(std::string(4 * kMany, 'x')).size(), 4 * kMany);
}

TEST(Redactions, ShowWhatWasFoundAtTheVeryEnd) {
    Redactions redactions;
    redactions.add({3, 3, "short", 0});
    EXPECT_EQ(redactions.write_all("abc"), "abc[short]");
}

TEST(Redactions, WriteAPlaceOnceThoughItIsWrittenInParts) {
    Redactions redactions;
    redactions.add({2, 6, "a", 0});
    std::string out;
    EXPECT_FALSE(redactions.write("01234567", 0, 0, 2, out));
    EXPECT_TRUE(redactions.write("01234567", 0, 2, 4, out));
    EXPECT_TRUE(redactions.write("01234567", 0, 4, 6, out));
    EXPECT_FALSE(redactions.write("01234567", 0, 6, 8, out));
    EXPECT_EQ(out, "01[a]67");
}

}  // namespace
}  // namespace tidegate::guardrails
