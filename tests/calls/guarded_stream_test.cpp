#include "calls/guarded_stream.h"

#include "calls/guard_fixture.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::calls {
namespace {

using namespace test;
using dialect::Format;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Texts = std::map<std::string, std::string>;

class GuardedStreamTest : public GuardTest {
  protected:
    void guard(GuardrailList guardrails, Format format = Format::openai,
               std::size_t maximum_held = GuardedStream::kMaximumHeld) {
        guardrails_ = std::move(guardrails);
        format_ = format;
        out_.clear();
        stream_.emplace(guardrails_, format, maximum_held);
    }
    GuardVerdict feed(std::string_view events) { return stream_->feed(events, out_); }
    GuardVerdict end() {
        const GuardContext context = this->context();
        return run([&] { return stream_->end(context, out_); });
    }
    Texts texts() const { return delivered(format_, out_); }

    GuardrailList guardrails_;
    Format format_ = Format::openai;
    std::optional<GuardedStream> stream_;
    std::string out_;
};

std::string content(std::string_view text, int choice = 0) {
    return chunk_event(fmt::format(R"({{"content":"{}"}})", text), choice);
}
std::string reasoning(std::string_view text) {
    return chunk_event(fmt::format(R"({{"reasoning_content":"{}"}})", text));
}
std::string tool(int index, std::string_view arguments) {
    return chunk_event(
        fmt::format(R"({{"tool_calls":[{{"index":{},"function":{{"arguments":"{}"}}}}]}})", index, arguments));
}

const std::shared_ptr<const Guardrail> kRedact = word_guardrail("word", {"secret"}, {.output = Action::redact});
const std::shared_ptr<const Guardrail> kBlock = word_guardrail("bad", {"forbidden"}, {.output = Action::block});
const std::shared_ptr<const Guardrail> kFallback =
    word_guardrail("poor", {"dunno"}, {.output = Action::fallback});

TEST_F(GuardedStreamTest, LetsEventsGoByteForByteWhenNothingIsFound) {
    guard({kRedact, kBlock});
    const std::string stream =
        "data: {\"choices\" : [ {\"delta\":{\"content\":\"\\u0061 long enough text\"} } ]}\r\n\r\n"
        ": comment\n\n"
        "event: x\nid: 7\ndata: {\"choices\":[],\ndata: \"y\":1}\n\n" +
        stream_end(Format::openai);
    EXPECT_EQ(feed(stream), GuardVerdict::ok);
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_EQ(out_, stream);
    EXPECT_THAT(stream_->take_trips(), IsEmpty());
}

TEST_F(GuardedStreamTest, HoldsAnEventUntilNoMatchCanReachIntoIt) {
    guard({kRedact});
    feed(content("abc"));
    EXPECT_EQ(out_, "");
    EXPECT_FALSE(stream_->content());
    feed(content("defghi"));
    EXPECT_EQ(texts(), (Texts{{"0.content", "abc"}}));
    EXPECT_TRUE(stream_->content());
}

TEST_F(GuardedStreamTest, RewritesOnlyTheEventsThatAMatchTouches) {
    guard({kRedact});
    const std::string before = content("the ");
    const std::string behind = content(" is out");
    feed(before + content("sec") + content("ret") + behind + stream_end(Format::openai));
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_EQ(out_, before + content("[word]") + content("") + behind + stream_end(Format::openai));
    EXPECT_THAT(describe(stream_->take_trips()), ElementsAre("word word output redact 1"));
}

TEST_F(GuardedStreamTest, CountsTripsByCategory) {
    guard({kRedact});
    feed(content("secret secret and a secret"));
    end();
    EXPECT_THAT(describe(stream_->take_trips()), ElementsAre("word word output redact 3"));
}

TEST_F(GuardedStreamTest, StopsAtWhatIsBlockedAndKeepsItBack) {
    guard({kRedact, kBlock});
    feed(content("this text is clean and long."));
    EXPECT_EQ(feed(content(" forbid")), GuardVerdict::ok);
    EXPECT_EQ(feed(content("den, and more text behind it")), GuardVerdict::block);
    EXPECT_EQ(stream_->message(), "The guardrail bad stopped the answer (bad).");
    const std::string so_far = out_;
    EXPECT_THAT(so_far, Not(HasSubstr("forbid")));
    EXPECT_EQ(feed(content("and so on, and on, and on")), GuardVerdict::block);
    EXPECT_EQ(end(), GuardVerdict::block);
    EXPECT_EQ(out_, so_far);
    EXPECT_THAT(describe(stream_->take_trips()), ElementsAre("bad bad output block 1"));
}

TEST_F(GuardedStreamTest, BlocksAMatchAtTheVeryEnd) {
    guard({kBlock});
    EXPECT_EQ(feed(content("this is forbidden")), GuardVerdict::ok);
    EXPECT_EQ(end(), GuardVerdict::block);
    EXPECT_EQ(out_, "");
}

TEST_F(GuardedStreamTest, AsksForAFallback) {
    guard({kFallback});
    EXPECT_EQ(feed(content("dunno") + stream_end(Format::openai)), GuardVerdict::fallback);
    EXPECT_EQ(out_, "");
    EXPECT_FALSE(stream_->content());
}

TEST_F(GuardedStreamTest, TakesTheMostSevereOfWhatItFindsTogether) {
    guard({kFallback, kBlock});
    EXPECT_EQ(feed(content("dunno, forbidden, and more text")), GuardVerdict::block);
}

TEST_F(GuardedStreamTest, ChecksEveryKindOfText) {
    for (const std::string_view member : {"content", "refusal", "reasoning_content", "reasoning", "future"}) {
        guard({kRedact});
        feed(chunk_event(fmt::format(R"({{"{}":"a se"}})", member)) +
             chunk_event(fmt::format(R"({{"{}":"cret"}})", member)) + stream_end(Format::openai));
        EXPECT_EQ(end(), GuardVerdict::ok);
        EXPECT_EQ(texts(), (Texts{{"0." + std::string(member), "a [word]"}}));
    }
    guard({kRedact}, Format::anthropic);
    feed(
        event_of(Format::anthropic,
                 R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a sec"}})") +
        text_event(Format::anthropic, "ret") + stream_end(Format::anthropic));
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_EQ(texts(), (Texts{{"0.text", "a [word]"}}));
}

TEST_F(GuardedStreamTest, ClosesABlockWhenAnotherKindBegins) {
    guard({kRedact});
    feed(reasoning("I think s"));
    EXPECT_EQ(out_, "");
    feed(content("Yes"));
    EXPECT_EQ(texts(), (Texts{{"0.reasoning_content", "I think s"}})) << "what comes later waits behind it";
    feed(stream_end(Format::openai));
    EXPECT_EQ(texts(), (Texts{{"0.reasoning_content", "I think s"}, {"0.content", "Yes"}}));
}

TEST_F(GuardedStreamTest, ClosesABlockAtItsEnd) {
    guard({kRedact}, Format::anthropic);
    feed(stream_begin(Format::anthropic) + text_event(Format::anthropic, "a se"));
    EXPECT_EQ(texts(), Texts());
    feed(event_of(Format::anthropic, R"({"type":"content_block_stop","index":0})"));
    EXPECT_EQ(texts(), (Texts{{"0.text", "a se"}}));
}

TEST_F(GuardedStreamTest, BlocksAMatchThatAnotherKindOfBlockTears) {
    guard({kRedact});
    feed(content("a sec") + reasoning("hm, this is long enough to go"));
    EXPECT_EQ(feed(content("ret and more than enough text")), GuardVerdict::block);
    EXPECT_THAT(texts()["0.content"], "a sec");
    EXPECT_THAT(describe(stream_->take_trips()), ElementsAre("word word output block 1"));
}

TEST_F(GuardedStreamTest, KeepsTheWindowsOfSeveralChoicesApart) {
    guard({kRedact});
    std::string stream;
    const std::string first = "one secret here";
    const std::string second = "secsecretret too";
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size())
            stream += content(first.substr(i, 1), 0);
        if (i < second.size())
            stream += content(second.substr(i, 1), 1);
    }
    EXPECT_EQ(feed(stream), GuardVerdict::ok);
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_EQ(texts(), (Texts{{"0.content", "one [word] here"}, {"1.content", "sec[word]ret too"}}));
}

TEST_F(GuardedStreamTest, BlocksToolArgumentsInsteadOfRedactingThem) {
    guard({kRedact});
    feed(tool(0, R"({\"a\":\"se)"));
    EXPECT_EQ(out_, "");
    EXPECT_EQ(feed(tool(0, R"(cret\"})")), GuardVerdict::block);
    EXPECT_EQ(out_, "");
    EXPECT_THAT(describe(stream_->take_trips()), ElementsAre("word word output block 1"));
}

TEST_F(GuardedStreamTest, FindsWhatToolArgumentsEscape) {
    const std::string arguments = R"({"a":"\u0073ecr\u0065t"})";
    for (std::size_t cut = 0; cut <= arguments.size(); ++cut) {
        guard({kRedact});
        std::string stream;
        for (const std::string& part : {arguments.substr(0, cut), arguments.substr(cut)}) {
            const std::string json = nlohmann::json(part).dump();
            stream += tool(0, std::string_view(json).substr(1, json.size() - 2));
        }
        feed(stream);
        EXPECT_EQ(end(), GuardVerdict::block) << cut;
        EXPECT_EQ(texts(), Texts()) << cut;
    }
}

TEST_F(GuardedStreamTest, LetsToolArgumentsThatPassGoAsTheyCame) {
    guard({kRedact});
    const std::string stream =
        tool(0, R"({\"a\":\"\\ud83d)") + tool(0, R"(\\ude00\"})") + stream_end(Format::openai);
    feed(stream);
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_EQ(out_, stream);
}

TEST_F(GuardedStreamTest, LetsAToolCallGoWhenItsArgumentsAreWhole) {
    guard({kRedact});
    feed(tool(0, R"({\"a\":)"));
    EXPECT_EQ(out_, "");
    feed(tool(0, "1}"));
    EXPECT_EQ(texts(), (Texts{{"0.tool0", "{\"a\":1}"}}));
}

TEST_F(GuardedStreamTest, ChecksToolCallsThatComeByTurns) {
    guard({kRedact});
    const std::string first = R"({\"a\":\"sec)";
    feed(tool(0, first) + tool(1, R"({\"b\":\"x)") + tool(0, "ret") + tool(1, "y"));
    feed(tool(1, R"(\"})") + tool(0, R"(\"})"));
    EXPECT_EQ(end(), GuardVerdict::block);
    EXPECT_EQ(out_, "");

    guard({kRedact});
    feed(tool(0, first) + tool(1, R"({\"b\":\"x)") + tool(0, R"(\"})"));
    EXPECT_EQ(texts(), (Texts{{"0.tool0", R"({"a":"sec)"}})) << "the second tool's are not whole";
    feed(tool(1, R"(y\"})"));
    EXPECT_EQ(texts(), (Texts{{"0.tool0", R"({"a":"sec"})"}, {"0.tool1", R"({"b":"xy"})"}}));
}

TEST_F(GuardedStreamTest, BuffersTheWholeAnswer) {
    guard({word_guardrail("word", {"secret"}, {.output = Action::redact, .stream = StreamMode::buffer})});
    const std::string stream = content("long enough to go, were it held only") + content(" a secret") +
                               reasoning("hm") + content("!") + stream_end(Format::openai);
    EXPECT_EQ(feed(stream), GuardVerdict::ok);
    EXPECT_EQ(out_, "");
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_EQ(texts(), (Texts{{"0.content", "long enough to go, were it held only a [word]!"},
                              {"0.reasoning_content", "hm"}}));
    EXPECT_TRUE(stream_->content());
}

TEST_F(GuardedStreamTest, OfABufferedAnswerTearsNothing) {
    guard({word_guardrail("word", {"secret"}, {.output = Action::redact, .stream = StreamMode::buffer})});
    feed(content("a sec") + reasoning("hm") + content("ret") + stream_end(Format::openai));
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_EQ(texts(), (Texts{{"0.content", "a [word]"}, {"0.reasoning_content", "hm"}}));
}

TEST_F(GuardedStreamTest, OnlyWatchesWhereItIsToldTo) {
    for (const Says& says : {Says{.output = Action::block, .stream = StreamMode::observe},
                             Says{.output = Action::record, .stream = StreamMode::hold},
                             Says{.output = Action::record, .stream = StreamMode::buffer}}) {
        guard({word_guardrail("word", {"secret"}, says)});
        const std::string event = content("a secret");
        EXPECT_EQ(feed(event), GuardVerdict::ok);
        EXPECT_EQ(out_, event) << "at once";
        EXPECT_TRUE(stream_->content());
        EXPECT_EQ(feed("data: not json\n\n"), GuardVerdict::ok);
        EXPECT_EQ(end(), GuardVerdict::ok);
        EXPECT_THAT(describe(stream_->take_trips()), ElementsAre("word word output record 1"));
    }
}

TEST_F(GuardedStreamTest, LeavesOtherTextsToGuardrailsThatJudgeThem) {
    guard({word_guardrail("word", {"secret"}, {.output = Action::block, .text_only = true})});
    feed(reasoning("a secret") + tool(0, R"({\"a\":\"secret\"})") + stream_end(Format::openai));
    EXPECT_EQ(end(), GuardVerdict::ok);
    guard(guardrails_);
    EXPECT_EQ(feed(content("a secret") + stream_end(Format::openai)), GuardVerdict::block);
}

TEST_F(GuardedStreamTest, IgnoresGuardrailsOfTheInput) {
    guard({word_guardrail("word", {"secret"}, {.input = Action::block})});
    feed(content("a secret") + stream_end(Format::openai));
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_EQ(texts(), (Texts{{"0.content", "a secret"}}));
}

TEST_F(GuardedStreamTest, BlocksWhatCannotBeRead) {
    for (const std::string_view event :
         {"data: not json\n\n", "data: {\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}\n\n",
          "data: {\"choices\":[{\"delta\":{\"content\":\"a\",\"content\":\"secret\"}}]}\n\n"}) {
        guard({kRedact});
        EXPECT_EQ(feed(event), GuardVerdict::block) << event;
        EXPECT_THAT(stream_->message(), HasSubstr("cannot read the answer"));
        EXPECT_EQ(end(), GuardVerdict::block);
        EXPECT_EQ(out_, "");
    }
}

TEST_F(GuardedStreamTest, FindsAMatchInDataOfSeveralLines) {
    guard({kRedact});
    feed("data: {\"choices\":[{\"index\":0,\ndata: \"delta\":{\"content\":\"a sec\\u0072et\"}}]}\n\n" +
         stream_end(Format::openai));
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_EQ(texts(), (Texts{{"0.content", "a [word]"}}));
}

TEST_F(GuardedStreamTest, LeavesLogProbabilitiesOut) {
    guard({kRedact});
    feed(
        R"(data: {"choices":[{"index":0,"delta":{"content":"secret"},"logprobs":{"content":[{"token":"secret"}]}}]})"
        "\n\n" +
        stream_end(Format::openai));
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_THAT(out_, HasSubstr(R"("delta":{"content":"[word]"},"logprobs":null)"));
    EXPECT_THAT(out_, Not(HasSubstr("secret")));
}

TEST_F(GuardedStreamTest, HoldsNoMoreThanItMay) {
    guard({word_guardrail("word", {"secret"}, {.output = Action::redact, .stream = StreamMode::buffer})},
          Format::openai, 10'000);
    GuardVerdict verdict = GuardVerdict::ok;
    std::size_t fed = 0;
    while (verdict == GuardVerdict::ok && fed < 100'000) {
        const std::string event = content(std::string(100, 'x'));
        fed += event.size();
        verdict = feed(event);
    }
    EXPECT_EQ(verdict, GuardVerdict::block);
    EXPECT_LT(fed, 11'000U);
    EXPECT_THAT(stream_->message(), HasSubstr("longer than guardrails may hold"));
}

TEST_F(GuardedStreamTest, LetsALongAnswerPassThatItOnlyWatches) {
    guard({word_guardrail("word", {"secret"}, {.output = Action::record, .stream = StreamMode::hold})},
          Format::openai, 10'000);
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(feed(content(std::string(100, 'x'))), GuardVerdict::ok);
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_EQ(texts()["0.content"].size(), 100'000U);
    EXPECT_THAT(stream_->take_trips(), IsEmpty()) << "what is checked is let go";
}

TEST_F(GuardedStreamTest, BlocksMorePartsThanItMayHold) {
    guard({kRedact});
    std::string events;
    for (int i = 0; i < 5000; ++i) events += tool(i, "{");
    EXPECT_EQ(feed(events), GuardVerdict::block);
    EXPECT_THAT(stream_->message(), HasSubstr("more parts"));
}

TEST_F(GuardedStreamTest, AsksRemoteChecksAboutWhatWouldBeDelivered) {
    auto script = std::make_shared<FakeRemote::Script>();
    guard({kRedact, remote_guardrail("moderation", script, {.output = Action::block})});
    feed(reasoning("hm secret") + content("a sec") + content("ret") + stream_end(Format::openai));
    EXPECT_EQ(out_, "") << "every remote check needs the whole";
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_THAT(script->asked, ElementsAre("hm [word]\n\na [word]"));
    EXPECT_EQ(texts(), (Texts{{"0.reasoning_content", "hm [word]"}, {"0.content", "a [word]"}}));
    EXPECT_TRUE(stream_->content());
}

TEST_F(GuardedStreamTest, DeliversNothingThatARemoteCheckStops) {
    auto script = std::make_shared<FakeRemote::Script>();
    script->categories = {"hate", "violence"};
    for (const auto& [action, verdict] :
         {std::pair{Action::block, GuardVerdict::block}, std::pair{Action::fallback, GuardVerdict::fallback},
          std::pair{Action::redact, GuardVerdict::block}}) {
        guard({remote_guardrail("moderation", script, {.output = action})});
        feed(content("text") + stream_end(Format::openai));
        EXPECT_EQ(end(), verdict);
        EXPECT_EQ(out_, "");
        EXPECT_FALSE(stream_->content());
        EXPECT_EQ(stream_->take_trips().size(), 2U);
    }
}

TEST_F(GuardedStreamTest, TakesAFailingRemoteCheckForWhatItIsToldTo) {
    auto script = std::make_shared<FakeRemote::Script>();
    script->failure = Error{.kind = ErrorKind::timeout, .message = "late"};
    for (const auto& [on_failure, verdict] :
         {std::pair{Action::block, GuardVerdict::block}, std::pair{Action::fallback, GuardVerdict::fallback},
          std::pair{Action::record, GuardVerdict::ok}}) {
        guard({remote_guardrail("moderation", script, {.output = Action::block, .on_failure = on_failure})});
        feed(content("text") + stream_end(Format::openai));
        EXPECT_EQ(end(), verdict);
        EXPECT_THAT(
            describe(stream_->take_trips()),
            ElementsAre(fmt::format("moderation unavailable output {} 1", guardrails::to_string(on_failure))));
    }
}

TEST_F(GuardedStreamTest, SaysWhenNobodyWaitsForARemoteCheckAnyMore) {
    auto script = std::make_shared<FakeRemote::Script>();
    script->while_asked = [](async::Cancellation& cancellation) {
        cancellation.cancel(async::CancelReason::client_gone);
    };
    guard({remote_guardrail("moderation", script, {.output = Action::block})});
    feed(content("text") + stream_end(Format::openai));
    EXPECT_EQ(end(), GuardVerdict::cancelled);
    EXPECT_EQ(out_, "");
}

TEST_F(GuardedStreamTest, DelaysNothingForARemoteCheckThatWatches) {
    auto script = std::make_shared<FakeRemote::Script>();
    script->categories = {"hate"};
    guard({remote_guardrail("moderation", script, {.output = Action::block, .stream = StreamMode::observe})});
    const std::string stream = content("text") + content(" of more") + stream_end(Format::openai);
    feed(stream);
    EXPECT_EQ(out_, stream);
    EXPECT_EQ(end(), GuardVerdict::ok);
    EXPECT_THAT(script->asked, ElementsAre("text of more"));
    EXPECT_THAT(describe(stream_->take_trips()), ElementsAre("moderation hate output record 1"));
}

}  // namespace
}  // namespace tidegate::calls
