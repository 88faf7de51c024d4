#include "calls/guard_texts.h"

#include "calls/guard_fixture.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::calls {
namespace {

using namespace test;
using dialect::Format;
using dialect::Operation;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GuardTextsTest : public GuardTest {
  protected:
    GuardOutcome request(const GuardrailList& guardrails, std::string& body,
                         Operation operation = Operation::chat) {
        const GuardContext context = this->context();
        return run([&] { return guard_request(context, guardrails, operation, body); });
    }
    GuardOutcome answer(const GuardrailList& guardrails, std::string& body, Format format = Format::openai) {
        const GuardContext context = this->context();
        return run([&] { return guard_answer(context, guardrails, format, body); });
    }
};

const std::shared_ptr<const Guardrail> kRedact =
    word_guardrail("word", {"secret"}, {.input = Action::redact, .output = Action::redact});
const std::shared_ptr<const Guardrail> kBlock =
    word_guardrail("bad", {"forbidden"}, {.input = Action::block, .output = Action::block});
const std::shared_ptr<const Guardrail> kFallback =
    word_guardrail("poor", {"dunno"}, {.input = Action::fallback, .output = Action::fallback});

TEST_F(GuardTextsTest, KnowsWhetherThereIsAnythingToCheck) {
    using guardrails::Direction;
    EXPECT_FALSE(guards({}, Direction::input));
    EXPECT_TRUE(guards({kRedact}, Direction::input));
    const GuardrailList output_only{word_guardrail("x", {"x"}, {.output = Action::record})};
    EXPECT_FALSE(guards(output_only, Direction::input));
    EXPECT_TRUE(guards(output_only, Direction::output));
}

TEST_F(GuardTextsTest, LeavesACleanRequestAsItIs) {
    std::string body = R"( {"messages" : [{"role":"user","content":"h\u0069"}], "x":1.0} )";
    const std::string before = body;
    const GuardOutcome outcome = request({kRedact, kBlock}, body);
    EXPECT_EQ(outcome.verdict, GuardVerdict::ok);
    EXPECT_THAT(outcome.trips, IsEmpty());
    EXPECT_EQ(body, before);
}

TEST_F(GuardTextsTest, RedactsARequestWhereverItIsSent) {
    std::string body =
        R"({"model":"m","messages":[{"role":"system","content":"a s\u0065cret"},{"role":"user","content":[{"type":"text","text":"\"secret\" secret"}]},{"role":"tool","tool_call_id":"t","content":"no"}],"user":"secret"})";
    const GuardOutcome outcome = request({kRedact}, body);
    EXPECT_EQ(outcome.verdict, GuardVerdict::ok);
    EXPECT_EQ(
        body,
        R"({"model":"m","messages":[{"role":"system","content":"a [word]"},{"role":"user","content":[{"type":"text","text":"\"[word]\" [word]"}]},{"role":"tool","tool_call_id":"t","content":"no"}],"user":"[word]"})");
    EXPECT_THAT(describe(outcome.trips), ElementsAre("word word input redact 4"));
}

TEST_F(GuardTextsTest, RedactsTheInputOfEmbeddings) {
    std::string body = R"({"input":["a secret","b"]})";
    EXPECT_EQ(request({kRedact}, body, Operation::embeddings).verdict, GuardVerdict::ok);
    EXPECT_EQ(body, R"({"input":["a [word]","b"]})");
    std::string numbers = R"({"input":[1,2]})";
    const GuardOutcome refused = request({kRedact}, numbers, Operation::embeddings);
    EXPECT_EQ(refused.verdict, GuardVerdict::block);
    EXPECT_THAT(refused.message, HasSubstr("send text"));
}

TEST_F(GuardTextsTest, RedactsInsideTheStringsOfToolArguments) {
    std::string openai =
        R"({"messages":[{"role":"assistant","tool_calls":[{"id":"t","function":{"name":"f","arguments":"{\"a\":\"x \\u0073ecret\",\"n\":1}"}}]}]})";
    EXPECT_EQ(request({kRedact}, openai).verdict, GuardVerdict::ok);
    EXPECT_EQ(
        openai,
        R"({"messages":[{"role":"assistant","tool_calls":[{"id":"t","function":{"name":"f","arguments":"{\"a\":\"x [word]\",\"n\":1}"}}]}]})");

    std::string anthropic =
        R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{ "a" : "x s\u0065cret" }}]}]})";
    EXPECT_EQ(request({kRedact}, anthropic).verdict, GuardVerdict::ok);
    EXPECT_EQ(
        anthropic,
        R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{ "a" : "x [word]" }}]}]})");
}

TEST_F(GuardTextsTest, BlocksToolArgumentsThatRedactionWouldBreak) {
    const GuardrailList guardrails{word_guardrail("number", {"12345"}, {.input = Action::redact})};
    std::string body =
        R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":12345}}]}]})";
    const std::string before = body;
    const GuardOutcome outcome = request(guardrails, body);
    EXPECT_EQ(outcome.verdict, GuardVerdict::block);
    EXPECT_EQ(body, before);
}

TEST_F(GuardTextsTest, StopsARequest) {
    std::string blocked = R"({"messages":[{"role":"user","content":"a secret, dunno, forbidden"}]})";
    const std::string before = blocked;
    const GuardOutcome outcome = request({kRedact, kFallback, kBlock}, blocked);
    EXPECT_EQ(outcome.verdict, GuardVerdict::block) << "the most severe counts";
    EXPECT_EQ(outcome.message, "The guardrail bad stopped the request (bad).");
    EXPECT_EQ(blocked, before);
    EXPECT_EQ(outcome.trips.size(), 3U);
    std::string poor = R"({"messages":[{"role":"user","content":"dunno"}]})";
    EXPECT_EQ(request({kFallback}, poor).verdict, GuardVerdict::fallback);
}

TEST_F(GuardTextsTest, RecordsWithoutChange) {
    const GuardrailList guardrails{word_guardrail("word", {"secret"}, {.input = Action::record})};
    std::string body = R"({"messages":[{"role":"user","content":"a secret"}]})";
    const std::string before = body;
    const GuardOutcome outcome = request(guardrails, body);
    EXPECT_EQ(outcome.verdict, GuardVerdict::ok);
    EXPECT_EQ(body, before);
    EXPECT_THAT(describe(outcome.trips), ElementsAre("word word input record 1"));
}

TEST_F(GuardTextsTest, RedactsAnAnswer) {
    std::string openai =
        R"({"choices":[{"index":0,"message":{"role":"assistant","content":"a secret"},"logprobs":{"content":[{"token":"secret","logprob":-1}]}},{"index":1,"message":{"content":null,"refusal":"secret no"}}]})";
    EXPECT_EQ(answer({kRedact}, openai).verdict, GuardVerdict::ok);
    EXPECT_EQ(
        openai,
        R"({"choices":[{"index":0,"message":{"role":"assistant","content":"a [word]"},"logprobs":null},{"index":1,"message":{"content":null,"refusal":"[word] no"}}]})");
    std::string anthropic =
        R"({"content":[{"type":"thinking","thinking":"secret","signature":"s"},{"type":"text","text":"a secret"}]})";
    EXPECT_EQ(answer({kRedact}, anthropic, Format::anthropic).verdict, GuardVerdict::ok);
    EXPECT_EQ(
        anthropic,
        R"({"content":[{"type":"thinking","thinking":"[word]","signature":"s"},{"type":"text","text":"a [word]"}]})");
}

TEST_F(GuardTextsTest, LeavesLogProbabilitiesToWhoeverOnlyWatches) {
    const GuardrailList guardrails{word_guardrail("word", {"secret"}, {.output = Action::record})};
    std::string body =
        R"({"choices":[{"message":{"content":"a secret"},"logprobs":{"content":[{"token":"secret"}]}}]})";
    const std::string before = body;
    EXPECT_EQ(answer(guardrails, body).verdict, GuardVerdict::ok);
    EXPECT_EQ(body, before);
}

TEST_F(GuardTextsTest, BlocksToolArgumentsOfAnAnswer) {
    std::string body =
        R"({"content":[{"type":"tool_use","id":"t","name":"f","input":{"a":"\u0073ecret"}}],"stop_reason":"tool_use"})";
    const GuardOutcome outcome = answer({kRedact}, body, Format::anthropic);
    EXPECT_EQ(outcome.verdict, GuardVerdict::block);
    EXPECT_THAT(describe(outcome.trips), ElementsAre("word word output block 1"));
}

TEST_F(GuardTextsTest, LeavesOtherTextsToGuardrailsThatJudgeThem) {
    const GuardrailList guardrails{
        word_guardrail("word", {"secret"}, {.output = Action::block, .text_only = true})};
    std::string body = R"({"choices":[{"message":{"content":"fine","reasoning_content":"secret"}}]})";
    EXPECT_EQ(answer(guardrails, body).verdict, GuardVerdict::ok);
}

TEST_F(GuardTextsTest, BlocksAnAnswerThatCannotBeRead) {
    std::string body = R"({"choices":[{"message":{"content":"fine","content":"secret"}}]})";
    const GuardOutcome outcome = answer({kRedact}, body);
    EXPECT_EQ(outcome.verdict, GuardVerdict::block);
    EXPECT_THAT(outcome.message, HasSubstr("cannot read the answer"));
}

TEST_F(GuardTextsTest, AsksRemoteChecksAboutWhatWouldBeSent) {
    auto script = std::make_shared<FakeRemote::Script>();
    auto narrow = std::make_shared<FakeRemote::Script>();
    const GuardrailList guardrails{
        kRedact, remote_guardrail("moderation", script, {.input = Action::block}),
        remote_guardrail("judge", narrow, {.input = Action::block, .text_only = true})};
    std::string body =
        R"({"messages":[{"role":"user","content":"a secret"},{"role":"assistant","reasoning_content":"hm","content":"b"}],"user":"u1"})";
    EXPECT_EQ(request(guardrails, body).verdict, GuardVerdict::ok);
    EXPECT_THAT(script->asked, ElementsAre("a [word]\n\nhm\n\nb"));
    EXPECT_THAT(narrow->asked, ElementsAre("a [word]\n\nb"));
    EXPECT_THAT(body, HasSubstr("a [word]"));
}

TEST_F(GuardTextsTest, AsksNobodyOnceTheCallIsStopped) {
    auto first = std::make_shared<FakeRemote::Script>();
    first->categories = {"hate"};
    auto second = std::make_shared<FakeRemote::Script>();
    const GuardrailList guardrails{kBlock, remote_guardrail("first", first, {.input = Action::block}),
                                   remote_guardrail("second", second, {.input = Action::block})};
    std::string bad = R"({"messages":[{"role":"user","content":"forbidden"}]})";
    EXPECT_EQ(request(guardrails, bad).verdict, GuardVerdict::block);
    EXPECT_THAT(first->asked, IsEmpty());
    std::string good = R"({"messages":[{"role":"user","content":"a secret"}]})";
    const std::string before = good;
    const GuardOutcome outcome = request(guardrails, good);
    EXPECT_EQ(outcome.verdict, GuardVerdict::block);
    EXPECT_EQ(outcome.message, "The guardrail first stopped the request (hate).");
    EXPECT_THAT(second->asked, IsEmpty());
    EXPECT_EQ(good, before);
}

TEST_F(GuardTextsTest, TakesAFailingRemoteCheckForWhatItIsToldTo) {
    auto script = std::make_shared<FakeRemote::Script>();
    script->failure = Error{.kind = ErrorKind::unavailable, .message = "refused"};
    for (const auto& [on_failure, verdict] :
         {std::pair{Action::block, GuardVerdict::block}, std::pair{Action::redact, GuardVerdict::block},
          std::pair{Action::fallback, GuardVerdict::fallback}, std::pair{Action::record, GuardVerdict::ok}}) {
        std::string body = R"({"messages":[{"role":"user","content":"Hi"}]})";
        const GuardOutcome outcome =
            request({remote_guardrail("m", script, {.input = Action::block, .on_failure = on_failure})}, body);
        EXPECT_EQ(outcome.verdict, verdict);
        ASSERT_EQ(outcome.trips.size(), 1U);
        EXPECT_EQ(outcome.trips[0].category, "unavailable");
    }
}

TEST_F(GuardTextsTest, NeverStopsACallForACheckThatOnlyRecords) {
    auto script = std::make_shared<FakeRemote::Script>();
    const GuardrailList guardrails{remote_guardrail("m", script, {.input = Action::record})};
    std::string body = R"({"messages":[{"role":"user","content":"Hi"}]})";
    script->categories = {"hate"};
    EXPECT_EQ(request(guardrails, body).verdict, GuardVerdict::ok);
    script->failure = Error{.kind = ErrorKind::timeout, .message = "late"};
    const GuardOutcome failed = request(guardrails, body);
    EXPECT_EQ(failed.verdict, GuardVerdict::ok);
    EXPECT_THAT(describe(failed.trips), ElementsAre("m unavailable input record 1"));
}

TEST_F(GuardTextsTest, SaysWhenNobodyWaitsAnyMore) {
    auto script = std::make_shared<FakeRemote::Script>();
    script->while_asked = [](async::Cancellation& cancellation) {
        cancellation.cancel(async::CancelReason::client_gone);
    };
    std::string body = R"({"messages":[{"role":"user","content":"Hi"}]})";
    EXPECT_EQ(request({remote_guardrail("m", script, {.input = Action::block})}, body).verdict,
              GuardVerdict::cancelled);
}

}  // namespace
}  // namespace tidegate::calls
