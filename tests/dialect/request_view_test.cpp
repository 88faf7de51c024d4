#include "padded.h"

#include <tidegate/dialect/request_view.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::dialect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kMessages = R"("messages":[{"role":"user","content":"hi"}])";

// A minimal request with more members.
std::string with(std::string_view members) {
    return "{" + std::string(kMessages) + "," + std::string(members) + "}";
}

std::string refusal(std::string_view body, Format format = Format::openai) {
    return ReadRequest(format, body).error();
}

TEST(RequestView, ReadsWhatDecisionsNeed) {
    const ReadRequest request(Format::openai,
                              with(R"("model":"support-reply","stream":true,"n":2,"max_tokens":50,
        "stream_options":{"include_usage":true},"user":"u1","metadata":{"plan":"pro","age":3,"beta":true,"deep":{"a":1},"nil":null},
        "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],
        "tidegate":{"variables":{"brand":"Acme","count":12345678901234567,"on":false},"context":["one","two"],"baseline":"old"})"));
    ASSERT_TRUE(request.good()) << request.error();
    const RequestView& view = request.view();
    EXPECT_EQ(view.model(), "support-reply");
    EXPECT_TRUE(view.stream());
    EXPECT_EQ(view.answers(), 2);
    EXPECT_EQ(view.max_output_tokens(), 50);
    EXPECT_TRUE(view.wants_usage());
    EXPECT_EQ(view.user(), "u1");
    EXPECT_TRUE(view.has_tools());
    EXPECT_FALSE(view.wants_json());
    EXPECT_FALSE(view.has_system());
    EXPECT_FALSE(view.carries_provider_state());
    EXPECT_FALSE(view.unbounded_input());
    EXPECT_TRUE(view.price_members().empty());
    ASSERT_EQ(view.metadata().size(), 3U);
    EXPECT_EQ(std::get<std::string_view>(view.metadata()[0].value), "pro");
    EXPECT_EQ(std::get<double>(view.metadata()[1].value), 3);
    EXPECT_TRUE(std::get<bool>(view.metadata()[2].value));
    ASSERT_EQ(view.variables().size(), 3U);
    EXPECT_EQ(view.variables()[0].value, "Acme");
    EXPECT_EQ(view.variables()[1].value, "12345678901234567") << "as it was written";
    EXPECT_EQ(view.variables()[2].value, "false");
    EXPECT_THAT(view.context(), ElementsAre("one", "two"));
    EXPECT_EQ(view.baseline(), "old");
    EXPECT_EQ(view.last_user_text(), "hi");
}

TEST(RequestView, TakesTheUserFromTheFirstOfThreeMembers) {
    EXPECT_EQ(
        ReadRequest(Format::openai, with(R"("user":"b","safety_identifier":"a","metadata":{"user_id":"c"})"))
            .view()
            .user(),
        "a");
    EXPECT_EQ(ReadRequest(Format::openai, with(R"("user":"b","metadata":{"user_id":"c"})")).view().user(), "b");
    EXPECT_EQ(ReadRequest(Format::anthropic, with(R"("metadata":{"user_id":"c"})")).view().user(), "c");
    EXPECT_EQ(ReadRequest(Format::anthropic, with(R"("metadata":{"user_id":42})")).view().user(), "42");
}

TEST(RequestView, RefusesMembersThatOccurTwiceWhereDecisionsRead) {
    for (const std::string_view twice : {
             R"("model":"a","model":"b")",
             R"("model":"a","mod\u0065l":"b")",
             R"("stream":true,"\u0073tream":false)",
             R"("unknown":1,"unknown":2)",
             R"("stream_options":{"include_usage":true,"include_usage":false})",
             R"("metadata":{"a":"1","a":"2"})",
             R"("tidegate":{"context":[],"context":[]})",
             R"("tidegate":{"variables":{"a":"1","\u0061":"2"}})",
             R"("response_format":{"type":"text","type":"json_object"})",
             R"("thinking":{"type":"enabled","type":"disabled"})",
             R"("tools":[{"type":"function","type":"web_search"}])",
             R"("cache_control":{"type":"a","type":"b"})",
         }) {
        EXPECT_THAT(refusal(with(twice)), HasSubstr("occurs twice")) << twice;
    }
    EXPECT_THAT(refusal(R"({"messages":[{"role":"user","role":"system","content":"x"}]})"),
                HasSubstr("occurs twice"));
    EXPECT_THAT(refusal(R"({"messages":[{"role":"user","content":[{"type":"text","text":"x","text":"y"}]}]})"),
                HasSubstr("occurs twice"));
    EXPECT_EQ(refusal(with(R"("tools":[{"type":"function","function":{"parameters":{"a":1,"a":2}}}])")), "")
        << "the client's own schema";
    EXPECT_EQ(refusal(with(R"("other":{"a":1,"a":2})")), "") << "nobody reads it";
    EXPECT_THAT(refusal(with(R"("system":[{"type":"text","text":"a","text":"b"}])"), Format::anthropic),
                HasSubstr("occurs twice"));
}

TEST(RequestView, RefusesKnownNamesInOtherLetters) {
    for (const std::string_view name : {"Model", "MAX_TOKENS", "\xc5\xbftream", "\\u017ftream", "toKens"}) {
        const std::string body = with("\"" + std::string(name) + "\":1");
        const bool known = name != "toKens";
        EXPECT_EQ(!refusal(body).empty(), known) << name;
    }
    EXPECT_EQ(refusal(with(R"("Überschrift":1)")), "");
}

TEST(RequestView, RefusesWrongTypesAndValues) {
    for (const std::string_view wrong :
         {R"("model":7)", R"("stream":"true")", R"("stream":1)", R"("n":0)", R"("n":129)", R"("n":"2")",
          R"("n":1.5)", R"("max_tokens":-1)", R"("max_tokens":"5")", R"("max_tokens":1.5)",
          R"("max_completion_tokens":18446744073709551615)", R"("user":5)", R"("metadata":[])",
          R"("stream_options":true)", R"("stream_options":{"include_usage":1})", R"("tidegate":1)",
          R"("tidegate":{"variables":{"a":[]}})", R"("tidegate":{"context":[1]})",
          R"("tidegate":{"unknown":1})"}) {
        const ReadRequest request(Format::openai, with(wrong));
        EXPECT_FALSE(request.good()) << wrong;
        EXPECT_FALSE(request.error().empty());
    }
    EXPECT_THAT(refusal("{}"), HasSubstr("messages"));
    EXPECT_THAT(refusal(R"({"messages":"x"})"), HasSubstr("messages"));
    EXPECT_THAT(refusal(R"({"messages":[1]})"), HasSubstr("messages[0]"));
    EXPECT_FALSE(ReadRequest(Format::openai, "{}", Operation::embeddings).good());
}

TEST(RequestView, TakesNullAsAbsent) {
    const ReadRequest request(
        Format::openai,
        with(R"("model":null,"stream":null,"n":null,"max_tokens":null,"user":null,"metadata":null,
        "stream_options":null,"tidegate":null,"service_tier":null,"previous_response_id":null)"));
    ASSERT_TRUE(request.good()) << request.error();
    EXPECT_EQ(request.view().answers(), 1);
    EXPECT_FALSE(request.view().max_output_tokens());
    EXPECT_TRUE(request.view().price_members().empty());
    EXPECT_FALSE(request.view().carries_provider_state());
}

TEST(RequestView, TakesTheSmallerOfTwoLimits) {
    EXPECT_EQ(ReadRequest(Format::openai, with(R"("max_tokens":9,"max_completion_tokens":5)"))
                  .view()
                  .max_output_tokens(),
              5);
    EXPECT_EQ(ReadRequest(Format::openai, with(R"("max_tokens":3,"max_completion_tokens":5)"))
                  .view()
                  .max_output_tokens(),
              3);
}

TEST(RequestView, ReadsTheBudgetOfThinkingFromAnthropicsRequests) {
    const auto budget_of = [](Format format, const std::string& thinking) {
        const ReadRequest request(format, with("\"max_tokens\":9,\"thinking\":" + thinking));
        return request.good() ? std::to_string(request.view().thinking_budget()) : request.error();
    };
    EXPECT_EQ(budget_of(Format::anthropic, R"({"type":"enabled","budget_tokens":4096})"), "4096");
    EXPECT_EQ(budget_of(Format::anthropic, R"({"type":"adaptive"})"), "0");
    EXPECT_EQ(budget_of(Format::anthropic, "null"), "0");
    EXPECT_EQ(budget_of(Format::openai, R"({"budget_tokens":4096})"), "0");
    for (const std::string wrong : {"-1", "\"4096\"", "1.5", "1e30"}) {
        EXPECT_THAT(budget_of(Format::anthropic, "{\"budget_tokens\":" + wrong + "}"),
                    HasSubstr("'thinking.budget_tokens' must be an integer that is not negative"));
    }
    EXPECT_THAT(budget_of(Format::anthropic, R"({"budget_tokens":1,"budget_\u0074okens":4096})"),
                HasSubstr("budget_tokens"))
        << "not twice, in whatever spelling";
}

TEST(RequestView, RefusesWhatIsNoJsonObjectWithAReason) {
    EXPECT_THAT(refusal(""), HasSubstr("empty"));
    EXPECT_THAT(refusal("[]"), HasSubstr("object"));
    EXPECT_THAT(refusal("\xef\xbb\xbf{}"), HasSubstr("byte order mark"));
    EXPECT_THAT(refusal("{\"messages\":[],\"a\":\"\xff\"}"), HasSubstr("UTF-8 near byte 20"));
    EXPECT_THAT(refusal(with(R"("a":"\ud800")")), HasSubstr("lone surrogate"));
    EXPECT_THAT(refusal(with(R"("a":"\udc00")")), HasSubstr("lone surrogate"));
    EXPECT_THAT(refusal(with(R"("a":18446744073709551616)")), HasSubstr("number"));
    EXPECT_THAT(refusal(with(R"("a":1e400)")), HasSubstr("number"));
    EXPECT_THAT(refusal(with(R"("a":tru)")), HasSubstr("not valid JSON"));
    EXPECT_THAT(refusal(with("\"a\":1") + "x"), HasSubstr("not valid JSON"));
}

TEST(RequestView, RefusesMoreThan64Levels) {
    const auto nested = [](std::size_t levels) {  // the object around it is one more
        return with("\"a\":" + std::string(levels, '[') + std::string(levels, ']'));
    };
    EXPECT_EQ(refusal(nested(kMaximumDepth - 1)), "");
    EXPECT_THAT(refusal(nested(kMaximumDepth)), HasSubstr("deeper than 64"));
    EXPECT_THAT(refusal(nested(100'000)), HasSubstr("deeper than 64")) << "after the parser has grown";
}

TEST(RequestView, RefusesObjectsWithTooManyMembers) {
    std::string many;
    for (int i = 0; i < 2000; ++i) many += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
    EXPECT_THAT(refusal(with(many)), HasSubstr("more than 1024 members"));
    EXPECT_THAT(refusal(with("\"metadata\":{" + many + "}")), HasSubstr("more than 1024 members"));
    EXPECT_EQ(refusal(with("\"other\":{" + many + "}")), "");
}

TEST(RequestView, SeesWhatBindsARequestToOneProvider) {
    const auto bound = [](std::string_view body, Format format = Format::openai) {
        const ReadRequest request(format, body);
        EXPECT_TRUE(request.good()) << request.error();
        return request.good() && request.view().carries_provider_state() && request.view().unbounded_input();
    };
    EXPECT_TRUE(bound(with(R"("previous_response_id":"r")")));
    EXPECT_TRUE(bound(with(R"("conversation":"c")")));
    EXPECT_TRUE(bound(with(R"("container":"c")"), Format::anthropic));
    EXPECT_TRUE(bound(R"({"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}]})"));
    EXPECT_TRUE(bound(
        R"({"messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"f"}}]}]})",
        Format::anthropic));
    EXPECT_FALSE(bound(with(R"("model":"m")")));
}

TEST(RequestView, SeesInputThatItsBytesDoNotBound) {
    const ReadRequest image(
        Format::openai,
        R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y.png"}}]}]})");
    EXPECT_TRUE(image.view().unbounded_input());
    EXPECT_FALSE(image.view().carries_provider_state());
    const ReadRequest search(
        Format::anthropic,
        with(
            R"("tools":[{"type":"web_search_20250305","name":"web_search"},{"name":"mine","input_schema":{}},{"type":"bash_20250124","name":"bash"}])"));
    EXPECT_TRUE(search.view().unbounded_input());
    EXPECT_THAT(search.view().hosted_tools(), ElementsAre("web_search_20250305"));
}

TEST(RequestView, NamesMembersThatChangeThePrice) {
    const auto names = [](std::string_view members, Format format) {
        const ReadRequest request(format, with(members));
        EXPECT_TRUE(request.good()) << request.error();
        const auto found = request.view().price_members();
        return std::vector<std::string>(found.begin(), found.end());
    };
    EXPECT_THAT(names(R"("service_tier":"priority")", Format::openai), ElementsAre("service_tier"));
    EXPECT_THAT(names(R"("service_tier":"auto")", Format::openai), ElementsAre());
    EXPECT_THAT(names(R"("service_tier":"standard_only","inference_geo":"us")", Format::anthropic),
                ElementsAre("inference_geo"));
    EXPECT_THAT(names(R"("prediction":{},"modalities":["text","audio"])", Format::openai),
                ElementsAre("prediction", "modalities"));
    EXPECT_THAT(
        names(R"("system":[{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"\u0031h"}}])",
              Format::anthropic),
        ElementsAre("cache_control.ttl"));
    EXPECT_THAT(names(R"("cache_control":{"type":"ephemeral","ttl":"1h"})", Format::anthropic),
                ElementsAre("cache_control.ttl"));
}

TEST(RequestView, SeesSystemReasoningAndJson) {
    EXPECT_TRUE(ReadRequest(Format::openai, R"({"messages":[{"role":"developer","content":"x"}]})")
                    .view()
                    .has_system());
    EXPECT_TRUE(ReadRequest(Format::anthropic, with(R"("system":"x")")).view().has_system());
    EXPECT_TRUE(
        ReadRequest(
            Format::anthropic,
            R"({"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"s"}]}]})")
            .view()
            .has_reasoning());
    EXPECT_TRUE(
        ReadRequest(Format::openai, with(R"("response_format":{"type":"json_object"})")).view().wants_json());
    EXPECT_FALSE(ReadRequest(Format::openai, with(R"("response_format":{"type":"text"})")).view().wants_json());
    EXPECT_TRUE(ReadRequest(Format::anthropic, with(R"("output_config":{"format":{"type":"json_schema"}})"))
                    .view()
                    .wants_json());
    EXPECT_FALSE(
        ReadRequest(Format::anthropic, with(R"("output_config":{"effort":"low"})")).view().wants_json());
}

TEST(RequestView, JoinsTheTextOfTheLastUserMessage) {
    const ReadRequest request(
        Format::openai,
        R"({"messages":[{"role":"user","content":"first"},{"role":"user","content":[{"type":"text","text":"a"},
        {"type":"image_url","image_url":{"url":"data:x"}},{"type":"text","text":"b"}]},{"role":"assistant","content":"c"}]})");
    EXPECT_EQ(request.view().last_user_text(), "a\nb");
    EXPECT_EQ(
        ReadRequest(Format::openai, R"({"input":["x","y"]})", Operation::embeddings).view().last_user_text(),
        "x\ny");
}

}  // namespace
}  // namespace tidegate::dialect
