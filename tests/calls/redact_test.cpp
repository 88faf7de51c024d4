#include "calls/guard_fixture.h"

#include <tidegate/calls/redact.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::calls {
namespace {

using namespace test;
using dialect::Format;
using dialect::Operation;
using guardrails::Direction;
using guardrails::Trip;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kRequest =
    R"({"model":"f","messages":[{"role":"user","content":"a secret"}],"tidegate":{"variables":{"name":"secret"},"context":["the secret"]}})";
constexpr std::string_view kRedactedRequest =
    R"({"model":"f","messages":[{"role":"user","content":"a [word]"}],"tidegate":{"variables":{"name":"[word]"},"context":["the [word]"]}})";

GuardrailList word_on(const Says& says) {
    return {word_guardrail("word", {"secret"}, says)};
}

events::Content content_of(std::string_view bytes, bool stream) {
    events::Content content;
    content.append(bytes);
    content.format = "openai";
    content.stream = stream;
    return content;
}

TEST(RedactedRequest, NeverHoldsWhatAnInputGuardrailMatched) {
    for (const Action action : {Action::record, Action::redact, Action::fallback, Action::block}) {
        EXPECT_EQ(
            redacted_request(Operation::chat, kRequest, word_on({.input = action}), {}, RecordScope::matched),
            kRedactedRequest);
    }
}

TEST(RedactedRequest, IsUntouchedByGuardrailsOfTheOutputUnlessAllAreMeant) {
    const GuardrailList guardrails = word_on({.output = Action::block});
    EXPECT_EQ(redacted_request(Operation::chat, kRequest, guardrails, {}, RecordScope::matched), kRequest);
    EXPECT_EQ(redacted_request(Operation::chat, kRequest, guardrails, {}, RecordScope::all), kRedactedRequest);
}

TEST(RedactedRequest, IsNotEmptiedByGuardrailsThatJudgeAForm) {
    const GuardrailList guardrails = word_on({.output = Action::block, .text_only = true});
    EXPECT_EQ(redacted_request(Operation::chat, kRequest, guardrails, {}, RecordScope::all), kRequest);
}

TEST(RedactedRequest, LosesAllTextsToARemoteCheckThatTripped) {
    const GuardrailList guardrails{
        remote_guardrail("moderation", std::make_shared<FakeRemote::Script>(), {.input = Action::block})};
    const std::vector<Trip> trips{{"moderation", "hate", Direction::input, Action::block, 1}};
    EXPECT_EQ(redacted_request(Operation::chat, R"({"messages":[{"role":"user","content":"x"}],"n":1})",
                               guardrails, trips, RecordScope::matched),
              R"({"messages":[{"role":"user","content":"[hate]"}],"n":1})");
    const std::vector<Trip> failed{{"moderation", "unavailable", Direction::input, Action::block, 1}};
    EXPECT_EQ(redacted_request(Operation::chat, kRequest, guardrails, failed, RecordScope::matched), kRequest);
}

TEST(RedactedRequest, ReplacesToolArgumentsThatCannotBeRedactedInPlace) {
    const GuardrailList guardrails{word_guardrail("number", {"12345"}, {.input = Action::block})};
    EXPECT_EQ(
        redacted_request(
            Operation::chat,
            R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":12345}}]}]})",
            guardrails, {}, RecordScope::matched),
        R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":"[number]"}]}]})");
}

TEST(RedactedRequest, IsEmptyIfItCannotBeRead) {
    EXPECT_EQ(redacted_request(Operation::chat, R"({"messages":)", word_on({.input = Action::block}), {},
                               RecordScope::matched),
              "");
}

TEST(RedactedText, LosesWhatMatches) {
    EXPECT_EQ(redacted_text("my secret", word_on({.input = Action::block}), RecordScope::matched), "my [word]");
    EXPECT_EQ(redacted_text("my secret", word_on({.output = Action::block}), RecordScope::matched),
              "my secret");
    EXPECT_EQ(redacted_text("my secret", word_on({.output = Action::block}), RecordScope::all), "my [word]");
}

TEST(RedactedAnswer, HoldsNothingThatWasRedacted) {
    const events::Content raw = content_of(
        R"({"choices":[{"message":{"content":"a secret"},"logprobs":{"content":[{"token":"secret"}]}}]})",
        false);
    const events::Content redacted =
        redacted_answer(raw, Format::openai, word_on({.output = Action::redact}), {}, RecordScope::matched);
    EXPECT_EQ(redacted.bytes(), R"({"choices":[{"message":{"content":"a [word]"},"logprobs":null}]})");
    EXPECT_FALSE(redacted.truncated());
    EXPECT_EQ(redacted.format, "openai");
}

TEST(RedactedAnswer, HoldsWhatWasBlockedUnlessAllAreMeant) {
    const events::Content raw = content_of(R"({"choices":[{"message":{"content":"a secret"}}]})", false);
    const GuardrailList guardrails = word_on({.output = Action::block});
    EXPECT_EQ(redacted_answer(raw, Format::openai, guardrails, {}, RecordScope::matched), raw);
    EXPECT_THAT(redacted_answer(raw, Format::openai, guardrails, {}, RecordScope::all).bytes(),
                HasSubstr("a [word]"));
}

TEST(RedactedAnswer, HoldsNoEchoOfAnInputThatWasOnlyRecorded) {
    const events::Content raw = content_of(R"({"choices":[{"message":{"content":"a secret"}}]})", false);
    EXPECT_THAT(
        redacted_answer(raw, Format::openai, word_on({.input = Action::record}), {}, RecordScope::matched)
            .bytes(),
        HasSubstr("a [word]"));
}

TEST(RedactedAnswer, OfAStreamIsRedactedAcrossItsEvents) {
    std::string stream =
        chunk_event(R"({"content":"a sec"})") + chunk_event(R"({"reasoning":"hm"})") +
        chunk_event(R"({"content":"ret"})") +
        chunk_event(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":\"sec"}}]})") +
        chunk_event(R"({"tool_calls":[{"index":0,"function":{"arguments":"ret\"}"}}]})") +
        stream_end(Format::openai);
    const events::Content redacted =
        redacted_answer(content_of(stream, true), Format::openai, word_on({.output = Action::redact}), {},
                        RecordScope::matched);
    const auto texts = delivered(Format::openai, redacted.bytes());
    EXPECT_EQ(texts.at("0.content"), "a [word]");
    EXPECT_EQ(texts.at("0.tool0"), R"({"a":"[word]"})");
    EXPECT_TRUE(redacted.stream);
    EXPECT_FALSE(redacted.truncated());
}

TEST(RedactedAnswer, OfACutStreamHoldsWhatCanBeRead) {
    const std::string whole = chunk_event(R"({"content":"my secret"})");
    events::Content raw(whole.size() + 20);
    raw.append(whole + chunk_event(R"({"content":"more"})"));
    raw.stream = true;
    const events::Content redacted =
        redacted_answer(raw, Format::openai, word_on({.output = Action::redact}), {}, RecordScope::matched);
    EXPECT_EQ(delivered(Format::openai, redacted.bytes()).at("0.content"), "my [word]");
    EXPECT_TRUE(redacted.truncated());
    EXPECT_EQ(redacted.total(), raw.total());
}

TEST(RedactedAnswer, ThatCannotBeReadHoldsOnlyItsSize) {
    events::Content raw(30);
    raw.append(R"({"choices":[{"message":{"content":"a secret"}}]})");
    const events::Content redacted =
        redacted_answer(raw, Format::openai, word_on({.output = Action::redact}), {}, RecordScope::matched);
    EXPECT_EQ(redacted.bytes(), "");
    EXPECT_EQ(redacted.total(), raw.total());
    EXPECT_TRUE(redacted.truncated());
}

TEST(RedactedAnswer, LosesAllToARemoteCheckThatTripped) {
    const GuardrailList guardrails{
        remote_guardrail("moderation", std::make_shared<FakeRemote::Script>(), {.output = Action::block})};
    const std::vector<Trip> trips{{"moderation", "hate", Direction::output, Action::block, 1}};
    const events::Content raw = content_of(R"({"choices":[{"message":{"content":"x"}}]})", false);
    EXPECT_THAT(redacted_answer(raw, Format::openai, guardrails, trips, RecordScope::all).bytes(),
                HasSubstr(R"("content":"[hate]")"));
    const events::Content stream = content_of(chunk_event(R"({"content":"x"})"), true);
    EXPECT_EQ(redacted_answer(stream, Format::openai, guardrails, trips, RecordScope::all).bytes(), "");
}

}  // namespace
}  // namespace tidegate::calls
