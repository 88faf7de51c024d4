// Which requests ask for the same answer.
#include "padded.h"

#include <tidegate/dialect/canonical_request.h>

#include <gtest/gtest.h>

namespace tidegate::dialect {
namespace {

std::string canonical(std::string_view body, Format format = Format::openai,
                      Operation operation = Operation::chat) {
    const ReadRequest request(format, body, operation);
    EXPECT_TRUE(request.good()) << request.error();
    std::string out;
    append_canonical(request.view(), out);
    return out;
}

// A request of one message with more members.
std::string with(std::string_view members) {
    return R"({"messages":[{"role":"user","content":"hi"}],)" + std::string(members) + "}";
}

TEST(CanonicalRequest, IsTheSameWhateverTheOrderOfMembersAndTheSpaceBetweenThem) {
    EXPECT_EQ(
        canonical(R"({"temperature":0.5,"messages":[{"role":"user","content":"a b"}]})"),
        canonical(
            "{ \"messages\" : [ {\n\"content\":\"a b\", \"role\" :\"user\"} ]\n,\t\"temperature\":0.5 }"));
}

TEST(CanonicalRequest, LeavesOutWhoAsksAndWhatNamesTheFeature) {
    const std::string plain = canonical(with(R"("n":1)"));
    EXPECT_EQ(canonical(with(R"("n":1,"user":"u","safety_identifier":"s","metadata":{"plan":"pro"})")), plain);
    EXPECT_EQ(canonical(with(R"("n":1,"model":"support-reply")")), plain);
    EXPECT_EQ(canonical(with(R"("n":1,"tidegate":{"context":["known"]})")), plain);
    EXPECT_EQ(canonical(with(R"("n":1,"\u0075ser":"u")")), plain) << "in any spelling";
}

TEST(CanonicalRequest, TellsStreamsApartAndWhetherTheyCarryUsage) {
    const std::string whole = canonical(with(R"("n":1)"));
    const std::string stream = canonical(with(R"("n":1,"stream":true)"));
    EXPECT_EQ(canonical(with(R"("n":1,"stream":false)")), whole);
    EXPECT_EQ(canonical(with(R"("n":1,"stream":null,"stream_options":null)")), whole);
    EXPECT_NE(stream, whole);
    EXPECT_EQ(canonical(with(R"("n":1,"stream":true,"stream_options":{"include_usage":false})")), stream);
    EXPECT_EQ(canonical(with(R"("n":1,"stream":true,"stream_options":{"include_obfuscation":false})")), stream);
    EXPECT_NE(canonical(with(R"("n":1,"stream":true,"stream_options":{"include_usage":true})")), stream);
}

TEST(CanonicalRequest, DiffersWhereTheAnswerMay) {
    const std::string plain = canonical(with(R"("n":1)"));
    EXPECT_NE(canonical(with(R"("n":2)")), plain);
    EXPECT_NE(canonical(with(R"("n":1,"temperature":0.5)")), plain);
    EXPECT_NE(canonical(with(R"("n":1,"unknown_member":true)")), plain);
    EXPECT_NE(canonical(R"({"messages":[{"role":"user","content":"hi "}],"n":1})"), plain);
    EXPECT_NE(canonical(R"({"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]})"),
              canonical(R"({"messages":[{"role":"user","content":"b"},{"role":"user","content":"a"}]})"));
    EXPECT_NE(canonical(R"({"max_tokens":9,"messages":[]})", Format::anthropic),
              canonical(R"({"max_tokens":9,"messages":[]})", Format::openai))
        << "an answer has the shape of its dialect";
}

TEST(CanonicalRequest, KeepsTheOrderInSchemasAndArgumentsThatModelsFollow) {
    const auto schema = [](std::string_view properties) {
        return canonical(
            with(R"("response_format":{"type":"json_schema","json_schema":{"schema":{"properties":{)" +
                 std::string(properties) + "}}}}"));
    };
    EXPECT_NE(schema(R"("why":{},"answer":{})"), schema(R"("answer":{},"why":{})"));
    EXPECT_EQ(schema(R"("why":{},"answer":{})"), schema(R"("why" : {}, "answer" : {})"));
}

TEST(CanonicalRequest, KeepsWhatStandsTwiceInAnObjectThatNobodyReads) {
    const auto schema = [](std::string_view twice) {
        return canonical(
            with(R"("tools":[{"type":"function","function":{"parameters":)" + std::string(twice) + "}}]"));
    };
    EXPECT_NE(schema(R"({"a":1,"a":2})"), schema(R"({"a":2,"a":1})"));
}

TEST(CanonicalRequest, ReadsEmptyAndDeepValues) {
    EXPECT_EQ(canonical(with(R"("logit_bias":{ },"stop":[ ],"x":[[ {"b":[1, 2],"a":{}} ]])")),
              canonical(with(R"("x":[[{"a":{},"b":[1,2]}]],"stop":[],"logit_bias":{})")));
}

TEST(CanonicalRequest, TakesEmbeddingsToo) {
    EXPECT_EQ(canonical(R"({"input":["a","b"],"model":"x"})", Format::openai, Operation::embeddings),
              canonical(R"({ "input" : ["a", "b"] })", Format::openai, Operation::embeddings));
    EXPECT_NE(canonical(R"({"input":["a","b"]})", Format::openai, Operation::embeddings),
              canonical(R"({"input":["b","a"]})", Format::openai, Operation::embeddings));
}

}  // namespace
}  // namespace tidegate::dialect
