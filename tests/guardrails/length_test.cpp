#include "guardrails/support.h"

namespace tidegate::guardrails {
namespace {

using test::found;
using test::make;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Length, CountsCodePointsAndNotBytes) {
    const auto guardrail = make("kind: length, max_characters: 3");
    EXPECT_THAT(found(*guardrail->text, ""), IsEmpty());
    EXPECT_THAT(found(*guardrail->text, "abc"), IsEmpty());
    EXPECT_THAT(found(*guardrail->text, "äöü"), IsEmpty());
    EXPECT_THAT(found(*guardrail->text, "😀😀😀"), IsEmpty());
    EXPECT_THAT(found(*guardrail->text, "abcd"), ElementsAre("length:d"));
    EXPECT_THAT(found(*guardrail->text, "äöüß und"), ElementsAre("length:ß und"));
}

TEST(Length, CountsWhatACharacterIsMadeOf) {
    // An e with an accent of its own, and a family of three with two joiners.
    EXPECT_THAT(found(*make("kind: length, max_characters: 1")->text, "e\u0301"), ElementsAre("length:\u0301"));
    EXPECT_THAT(
        found(*make("kind: length, max_characters: 5")->text, "\U0001F468\u200D\U0001F469\u200D\U0001F467"),
        IsEmpty());
}

TEST(Length, JudgesWholeTexts) {
    const auto guardrail = make("kind: length, max_characters: 3");
    EXPECT_FALSE(guardrail->text->longest_match());
    EXPECT_EQ(guardrail->stream, StreamMode::buffer);
}

}  // namespace
}  // namespace tidegate::guardrails
