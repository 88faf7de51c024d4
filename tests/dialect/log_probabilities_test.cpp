#include "padded.h"
#include "streams.h"

#include <tidegate/dialect/answer.h>
#include <tidegate/dialect/request_writer.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::dialect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kAnswer =
    R"({"choices":[{"index":0,"message":{"content":"ab"},"logprobs" : {"content":[{"token":"a","logprob":-1},{"token":"b","logprob":-2.0}],"refusal":null},"finish_reason":"stop"},{"index":1,"message":{"content":"c"},"logprobs":null}],"x":1})";

struct Asked {
    std::string body;
    std::vector<std::string> dropped;
    bool wanted = false;
};

Asked ask(Format from, Format to, std::string_view body, const RequestEdits& edits) {
    const ReadRequest request(from, body);
    EXPECT_TRUE(request.good()) << request.error();
    Asked asked;
    asked.wanted = request.view().wants_logprobs();
    const auto dropped = write_request(request.view(), to, edits, asked.body);
    EXPECT_TRUE(dropped.has_value());
    asked.dropped = *dropped;
    return asked;
}

TEST(LogProbabilities, AreAskedForWhateverTheClientSaid) {
    const RequestEdits edits{.model = "m", .ask_logprobs = true};
    const Asked absent = ask(Format::openai, Format::openai, R"({"model":"m","messages":[]})", edits);
    EXPECT_EQ(absent.body, R"({"model":"m","messages":[],"logprobs":true})");
    EXPECT_FALSE(absent.wanted);
    const Asked refused =
        ask(Format::openai, Format::openai, R"({"model":"m","logprobs":false,"messages":[]})", edits);
    EXPECT_EQ(refused.body, R"({"model":"m","logprobs":true,"messages":[]})");
    EXPECT_FALSE(refused.wanted);
    const Asked wanted = ask(Format::openai, Format::openai,
                             R"({"model":"m","logprobs":true,"top_logprobs":2,"messages":[]})", edits);
    EXPECT_EQ(wanted.body, R"({"model":"m","logprobs":true,"top_logprobs":2,"messages":[]})");
    EXPECT_TRUE(wanted.wanted);
    const Asked crossing =
        ask(Format::anthropic, Format::openai,
            R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"}]})", edits);
    EXPECT_THAT(crossing.body, HasSubstr(R"("logprobs":true)"));
}

TEST(LogProbabilities, AreNotAskedForUnlessWanted) {
    const Asked asked = ask(Format::openai, Format::openai, R"({"model":"m","messages":[]})", {.model = "m"});
    EXPECT_EQ(asked.body, R"({"model":"m","messages":[]})");
}

TEST(LogProbabilities, AreDroppedWhereAModelHasNone) {
    RequestEdits edits{.model = "m", .ask_logprobs = true};
    const Asked anthropic =
        ask(Format::anthropic, Format::anthropic, R"({"model":"m","max_tokens":5,"messages":[]})", edits);
    EXPECT_EQ(anthropic.body, R"({"model":"m","max_tokens":5,"messages":[]})");
    EXPECT_THAT(anthropic.dropped, ElementsAre("logprobs"));
    edits.quirks.add(Quirk::no_logprobs);
    const Asked quirk = ask(Format::openai, Format::openai, R"({"model":"m","messages":[]})", edits);
    EXPECT_EQ(quirk.body, R"({"model":"m","messages":[]})");
    EXPECT_THAT(quirk.dropped, ElementsAre("logprobs"));
}

TEST(LogProbabilities, MustBeTrueOrFalse) {
    const ReadRequest request(Format::openai, R"({"model":"m","logprobs":5,"messages":[]})");
    EXPECT_THAT(request.error(), HasSubstr("'logprobs' must be true or false"));
}

TEST(LogProbabilities, OfAnAnswerHaveAMean) {
    BodyParser parser;
    const Padded body(kAnswer);
    const auto facts = read_answer(Format::openai, Operation::chat, body.view(), parser);
    ASSERT_TRUE(facts.has_value());
    ASSERT_TRUE(facts->mean_logprob.has_value());
    EXPECT_DOUBLE_EQ(facts->mean_logprob.value_or(0), -1.5);

    const Padded without(R"({"choices":[{"message":{"content":"x"},"logprobs":null}]})");
    const auto none = read_answer(Format::openai, Operation::chat, without.view(), parser);
    ASSERT_TRUE(none.has_value());
    EXPECT_FALSE(none->mean_logprob.has_value());
}

TEST(LogProbabilities, AreStrippedFromAnAnswer) {
    BodyParser parser;
    const Padded body(kAnswer);
    std::string out;
    EXPECT_TRUE(strip_logprobs(body.view(), parser, out));
    EXPECT_EQ(
        out,
        R"({"choices":[{"index":0,"message":{"content":"ab"},"logprobs" : null,"finish_reason":"stop"},{"index":1,"message":{"content":"c"},"logprobs":null}],"x":1})");
    const Padded stripped(out);
    std::string again;
    EXPECT_FALSE(strip_logprobs(stripped.view(), parser, again));
    EXPECT_EQ(again, "");
}

constexpr std::string_view kStream =
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"logprobs\":{\"content\":[{\"token\":\"a\","
    "\"logprob\":-1}]},\"finish_reason\":null}],\"usage\":null}\n\n"
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"},\"logprobs\":{\"content\":[{\"token\":\"b\","
    "\"logprob\":-2}]},\"finish_reason\":null}],\"usage\":null}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";

Relayed relay_with(const StreamRelay::Options& options) {
    StreamRelay stream(Format::openai, Format::openai, options);
    Relayed relayed;
    relayed.ended =
        stream.feed(kStream, relayed.out).has_value() && stream.end_of_body(relayed.out).has_value();
    relayed.facts = stream.facts();
    return relayed;
}

TEST(LogProbabilities, OfAStreamAreReadAndStripped) {
    const Relayed relayed = relay_with({.reads_logprobs = true, .strips_logprobs = true});
    EXPECT_TRUE(relayed.ended);
    EXPECT_DOUBLE_EQ(relayed.facts.mean_logprob.value_or(0), -1.5);
    EXPECT_THAT(relayed.out, Not(HasSubstr("logprob\":-")));
    EXPECT_THAT(relayed.out, Not(HasSubstr("usage")));
    EXPECT_TRUE(
        relayed.out.starts_with("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
                                "\"logprobs\":null,\"finish_reason\":null}]}\n\n"))
        << relayed.out;
}

TEST(LogProbabilities, OfAStreamPassToAClientThatAskedForThem) {
    const Relayed relayed = relay_with({.client_wants_usage = true, .reads_logprobs = true});
    EXPECT_EQ(relayed.out, kStream);
    EXPECT_TRUE(relayed.facts.mean_logprob.has_value());
}

TEST(LogProbabilities, OfAStreamAreStrippedBesideUsageThatStays) {
    const Relayed relayed = relay_with({.client_wants_usage = true, .strips_logprobs = true});
    EXPECT_THAT(relayed.out, HasSubstr(R"("logprobs":null,"finish_reason":null}],"usage":null})"));
}

}  // namespace
}  // namespace tidegate::dialect
