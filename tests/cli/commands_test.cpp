// What the commands print.
#include "cli/support.h"

#include <tidegate/events/call_record.h>

namespace tidegate::cli {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CommandsTest : public CliTest {
  protected:
    void answer_call(const events::CallRecord& record) {
        services_.call = [record](CallId id, bool with_content) -> Result<admin::CallAnswer> {
            if (id != record.id)
                return Error{.kind = ErrorKind::not_found, .message = ""};
            return admin::CallAnswer{record.feature, events::encode(record, with_content)};
        };
    }
    // One with everything: the first attempt timed out, the fallback answered.
    static events::CallRecord record() {
        using namespace std::chrono_literals;
        events::CallRecord record;
        record.id = *CallId::parse("0192f0c1-7b3a-7c1e-8f00-0123456789ab");
        record.started = kNow + 3h + 4min + 5s + 678ms;
        record.total = 1234567us;
        record.first_token = 300ms;
        record.upstream = 1200ms;
        record.gateway = 400us;
        record.dialect = "openai";
        record.operation = "chat";
        record.feature = "support-reply";
        record.user = "user-42";
        record.conversation = "c-7";
        record.attributes = {{"plan", "pro"}};
        record.variant = "next";
        record.rule = "pilot";
        record.reason = "TARGETING_MATCH";
        record.bucket = 123;
        record.outcome = events::Outcome::fallback;
        record.status = 200;
        record.fallback_entry = "small";
        record.fallback_reason = "timeout";
        record.prompt = "support-reply@3";
        record.model = "gpt-small";
        record.usage = {.input = 120, .cache_read = 20, .output = 45, .reported = true};
        record.usage_kind = events::UsageKind::reported;
        record.cost = NanoDollars{123'000};
        events::Attempt first;
        first.entry = "next";
        first.model = "gpt-large";
        first.reason = "timeout";
        first.error = "no answer within 1 s";
        first.latency = 1s;
        first.tries = 1;
        events::Attempt second;
        second.number = 2;
        second.entry = "small";
        second.model = "gpt-small";
        second.prompt = "support-reply@3";
        second.reason = "ok";
        second.status = 200;
        second.latency = 200ms;
        second.tries = 1;
        second.usage = record.usage;
        second.cost = record.cost;
        record.attempts = {first, second};
        return record;
    }
    static void add_content(events::CallRecord& record, std::string asked, std::string answered) {
        record.request = events::Content::of(asked, asked.size());
        record.request.format = "openai";
        record.answer = events::Content::of(answered, answered.size());
        record.answer.format = "openai";
    }
    static constexpr const char* kId = "0192f0c1-7b3a-7c1e-8f00-0123456789ab";
};

TEST_F(CommandsTest, StatusListsEveryFigureByItsPath) {
    services_.readiness = [] { return admin::Readiness{.ready = false, .reasons = {"draining"}}; };
    services_.status_json = [] {
        return std::string(R"({"version":"1","io":{"tasks":3,"connections":[1,2]}})");
    };
    start();
    const Outcome outcome = run({"status"});
    EXPECT_EQ(outcome.status, kOk);
    EXPECT_EQ(outcome.out,
              "ready           no\n"
              "reasons         draining\n"
              "version         1\n"
              "io.tasks        3\n"
              "io.connections  1, 2\n");
}

TEST_F(CommandsTest, ReloadPrintsEveryProblemAndFails) {
    services_.reload = [] {
        return admin::ReloadOutcome{
            .reloaded = false, .problems = {"a.yaml:1:2: x", "b.yaml:3:4: y"}, .config_hash = ""};
    };
    start();
    const Outcome outcome = run({"reload"});
    EXPECT_EQ(outcome.status, kRefused);
    EXPECT_EQ(outcome.err,
              "tidegate: a.yaml:1:2: x\ntidegate: b.yaml:3:4: y\n"
              "tidegate: The configuration was refused; the one before it goes on serving.\n");
}

TEST_F(CommandsTest, ReloadPrintsWarningsAndWhatServes) {
    services_.reload = [] {
        return admin::ReloadOutcome{
            .reloaded = true, .problems = {"a.yaml:1:2: warning: w"}, .config_hash = "abc"};
    };
    start();
    const Outcome outcome = run({"reload"});
    EXPECT_EQ(outcome.status, kOk);
    EXPECT_EQ(outcome.out, "a.yaml:1:2: warning: w\nreloaded: every thread serves configuration abc\n");
}

TEST_F(CommandsTest, FeatureListAlignsItsColumns) {
    services_.features = [] {
        return std::vector<admin::FeatureEntry>{
            {"support-reply",
             R"({"name":"support-reply","cohort_by":"user","serve":{"next":10,"stable":90},"targeting":[{"name":"pilot"}],)"
             R"("variants":[{"name":"next"},{"name":"stable"}]})"},
            {"grüße",
             R"({"name":"grüße","cohort_by":"user","serve":"only","targeting":[],"variants":[{"name":"only"}]})"}};
    };
    start();
    EXPECT_EQ(run({"feature", "list"}).out,
              "FEATURE        SERVES                COHORT BY  RULES  VARIANTS\n"
              "support-reply  next 10%, stable 90%  user       pilot  next, stable\n"
              "grüße          only                  user       -      only\n");
}

TEST_F(CommandsTest, FeatureShowListsTheVariantsByName) {
    services_.features = [] {
        return std::vector<admin::FeatureEntry>{
            {"a/b", R"({"name":"a","variants":[{"name":"stable","model":"m","fallback":["x","y"]}]})"},
            {"a", R"({"name":"a","variants":[{"name":"stable","model":"m","fallback":["x","y"]}]})"}};
    };
    start();
    EXPECT_EQ(run({"feature", "show", "a"}).out,
              "name                      a\n"
              "variants.stable.name      stable\n"
              "variants.stable.model     m\n"
              "variants.stable.fallback  x, y\n");
    EXPECT_EQ(run({"feature", "show", "b c&d"}).status, kRefused);
}

TEST_F(CommandsTest, FeatureExplainSendsWhatWasGivenAndShowsWhy) {
    admin::ExplainQuestion asked;
    services_.explain_json = [&asked](const admin::ExplainQuestion& question) -> Result<std::string> {
        asked = question;
        return std::string(
            R"({"variant":"next","rule":"pilot","reason":"TARGETING_MATCH","unassigned":false,)"
            R"("unit":{"name":"user","value":"u 1&"},"hash":5,"bucket":123,)"
            R"("weights":[{"variant":"next","percent":10.00,"buckets":[0,1000]}],)"
            R"("rules":[{"name":"enterprise","tried":true,"matched":false,"why":"plan is \"free\""},)"
            R"({"name":"pilot","tried":true,"matched":true,"why":""}]})");
    };
    start();
    const Outcome outcome = run({"feature", "explain", "--attr", "plan=free=x", "f", "--user", "u 1&", "--attr",
                                 "seats=5", "--conversation", "c"});
    ASSERT_EQ(outcome.status, kOk) << outcome.err;
    EXPECT_EQ(asked.feature, "f");
    EXPECT_EQ(asked.user, "u 1&");
    EXPECT_EQ(asked.conversation, "c");
    EXPECT_EQ(asked.attributes,
              (std::vector<std::pair<std::string, flags::AttributeValue>>{{"plan", "free=x"}, {"seats", 5.0}}));
    EXPECT_EQ(outcome.out,
              "feature     f\n"
              "variant     next\n"
              "because of  rule pilot (TARGETING_MATCH)\n"
              "decided by  user u 1&\n"
              "bucket      123 of 10000\n"
              "\n"
              "VARIANT  PERCENT  BUCKETS\n"
              "next        10.0  0 to below 1000\n"
              "\n"
              "RULE        RESULT    WHY\n"
              "enterprise  no match  plan is \"free\"\n"
              "pilot       matched   -\n");
}

TEST_F(CommandsTest, CallListSendsItsFiltersAndAlignsItsColumns) {
    events::IndexFilter asked;
    const CallId id = *CallId::parse(kId);
    services_.calls = [&](const events::IndexFilter& filter) -> Result<std::vector<admin::CallLine>> {
        asked = filter;
        return std::vector<admin::CallLine>{
            {id,
             R"({"id":"0192f0c1-7b3a-7c1e-8f00-0123456789ab","time":"2026-01-01T03:04:05.678Z","feature":"f",)"
             R"("variant":"v","user":"evil\u001b[2J","outcome":"ok","status":200,"total_us":1234567,)"
             R"("input_tokens":1200,"output_tokens":3,"cost_nano_usd":1500000000})"}};
    };
    start();
    const Outcome outcome =
        run({"call", "list", "--since", "2h", "--until", "2026-01-01", "--user", "a b", "--feature", "f",
             "--conversation", "c", "--status", "429", "--limit", "1", "--before", kId});
    ASSERT_EQ(outcome.status, kOk) << outcome.err;
    EXPECT_EQ(asked.since, kNow - std::chrono::hours{2});
    EXPECT_EQ(asked.until, kNow);
    EXPECT_EQ(asked.user, "a b");
    EXPECT_EQ(asked.feature, "f");
    EXPECT_EQ(asked.conversation, "c");
    EXPECT_EQ(asked.status, 429);
    EXPECT_EQ(asked.limit, 1U);
    EXPECT_EQ(asked.before, id);
    EXPECT_EQ(outcome.out,
              "TIME (UTC)               CALL                                  FEATURE  VARIANT  USER         "
              "OUTCOME  "
              "STATUS  LATENCY    IN  OUT  COST USD\n"
              "2026-01-01 03:04:05.678  0192f0c1-7b3a-7c1e-8f00-0123456789ab  f        v        evil\\x1b[2J  "
              "ok       "
              "   200  1.235 s  1200    3      1.50\n"
              "older ones: --before 0192f0c1-7b3a-7c1e-8f00-0123456789ab\n");
}

TEST_F(CommandsTest, AnEmptyListSaysSo) {
    start();
    EXPECT_EQ(run({"call", "list"}).out, "no calls\n");
    EXPECT_EQ(run({"feature", "list"}).out, "no features\n");
}

TEST_F(CommandsTest, CallShowTellsWhatHappenedAndWhatItCost) {
    answer_call(record());
    start();
    const Outcome outcome = run({"call", "show", kId});
    ASSERT_EQ(outcome.status, kOk) << outcome.err;
    EXPECT_EQ(outcome.out,
              "call          0192f0c1-7b3a-7c1e-8f00-0123456789ab\n"
              "time          2026-01-01 03:04:05.678 UTC\n"
              "outcome       fallback, status 200\n"
              "asked         openai, chat\n"
              "feature       support-reply\n"
              "user          user-42\n"
              "conversation  c-7\n"
              "attributes    plan=pro\n"
              "decision      next by rule pilot (TARGETING_MATCH), bucket 123 of 10000\n"
              "fallback      small, reason timeout\n"
              "prompt        support-reply@3\n"
              "model         gpt-small\n"
              "latency       1.235 s, first token 300 ms, upstream 1.200 s, gateway 0.4 ms\n"
              "tokens        120 input, 20 cache_read, 45 output\n"
              "cost          0.000123 USD\n"
              "\n"
              "attempts\n"
              "  #  ENTRY  MODEL      PROMPT           RESULT   STATUS  TRIES  LATENCY  FIRST TOKEN   IN  OUT  "
              "COST USD  "
              "ERROR\n"
              "  1  next   gpt-large  -                timeout       -      1  1.000 s            -    0    0  "
              "    0.00  "
              "no answer within 1 s\n"
              "  2  small  gpt-small  support-reply@3  ok          200      1   200 ms            -  140   45  "
              "0.000123  -\n"
              "\n"
              "prompt and answer are not shown: they were not kept, or the token has no right `content`\n");
}

TEST_F(CommandsTest, CallShowReadsPromptAndAnswer) {
    events::CallRecord with_content = record();
    add_content(
        with_content,
        R"({"model":"f","messages":[{"role":"system","content":"Be brief."},)"
        R"({"role":"user","content":[{"type":"text","text":"Line 1\nLine 2"},{"type":"image_url"}]}]})",
        R"({"choices":[{"index":0,"message":{"role":"assistant","content":"Hello\u001b[31m\nthere"}}]})");
    answer_call(with_content);
    start();
    EXPECT_THAT(run({"call", "show", kId}).out, HasSubstr("\nprompt\n"
                                                          "  system\n"
                                                          "    Be brief.\n"
                                                          "  user\n"
                                                          "    Line 1\n"
                                                          "    Line 2\n"
                                                          "    [image_url]\n"
                                                          "\nanswer\n"
                                                          "    Hello\\x1b[31m\n"
                                                          "    there\n"));
}

TEST_F(CommandsTest, CallShowShowsWhatItCannotReadAsItCame) {
    events::CallRecord with_content = record();
    add_content(with_content, "{\"messages\":[{\"role\":\"us", "\xff\x1b garbage");
    with_content.request = events::Content::of("{\"messages\":[{\"role\":\"us", 5000);
    answer_call(with_content);
    start();
    const std::string out = run({"call", "show", kId}).out;
    EXPECT_THAT(
        out,
        HasSubstr(
            "\nprompt (cut: longer than what is kept)\n  as received\n    {\"messages\":[{\"role\":\"us\n"));
    EXPECT_THAT(out, HasSubstr("\nanswer\n    \\xff\\x1b garbage\n"));
}

TEST_F(CommandsTest, CallShowReadsAnAnthropicStream) {
    events::CallRecord with_content = record();
    add_content(
        with_content,
        R"({"system":[{"type":"text","text":"Be brief."}],"messages":[{"role":"user","content":"Hi"}]})",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
        "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
        "\"delta\":{\"type\":\"text_delta\",\"text\":\"Good day\"}}\n\n");
    with_content.answer.format = "anthropic";
    with_content.answer.stream = true;
    answer_call(with_content);
    start();
    EXPECT_THAT(run({"call", "show", kId}).out, AllOf(HasSubstr("  system\n    Be brief.\n  user\n    Hi\n"),
                                                      HasSubstr("\nanswer\n    Good day\n")));
}

TEST_F(CommandsTest, CallShowOfAnUnknownCallSaysSo) {
    start();
    const Outcome outcome = run({"call", "show", kId});
    EXPECT_EQ(outcome.status, kRefused);
    EXPECT_THAT(outcome.err, HasSubstr("no record of that call"));
}

TEST_F(CommandsTest, NothingPrintedHoldsAControlCharacter) {
    events::CallRecord evil = record();
    const std::string nasty = "x\x1b]0;pwned\x07\xC2\x9B\xE2\x80\xAE\r\ny";
    evil.feature = evil.user = evil.conversation = evil.variant = evil.rule = evil.model = evil.answered_model =
        nasty;
    evil.error_message = evil.finish_reason = evil.prompt = evil.fallback_reason = nasty;
    evil.attributes = {{nasty, nasty}};
    evil.attempts[0].error = evil.attempts[0].entry = evil.attempts[0].reason = nasty;
    add_content(evil, json{{"messages", {{{"role", nasty}, {"content", nasty}}}}}.dump(), nasty);
    answer_call(evil);
    services_.features = [&] {
        return std::vector<admin::FeatureEntry>{{"f", json{{"name", nasty}, {nasty, nasty}}.dump()}};
    };
    services_.explain_json = [&](const admin::ExplainQuestion&) -> Result<std::string> {
        return json{{"variant", nasty}, {"rules", {{{"name", nasty}, {"why", nasty}}}}}.dump();
    };
    start();
    for (const std::vector<const char*>& arguments :
         std::vector<std::vector<const char*>>{{"call", "show", kId},
                                               {"call", "show", kId, "--json"},
                                               {"feature", "list"},
                                               {"feature", "show", "f"},
                                               {"feature", "list", "--json"},
                                               {"feature", "explain", "f"}}) {
        const Outcome outcome = run(arguments);
        ASSERT_EQ(outcome.status, kOk) << outcome.err;
        EXPECT_THAT(outcome.out, HasSubstr("pwned"));
        EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b")));
        EXPECT_THAT(outcome.out, Not(HasSubstr("\x07")));
        EXPECT_THAT(outcome.out, Not(HasSubstr("\r")));
        EXPECT_THAT(outcome.out, Not(HasSubstr("\xC2\x9B")));
        EXPECT_THAT(outcome.out, Not(HasSubstr("\xE2\x80\xAE")));
    }
    for (const std::vector<const char*>& arguments :
         std::vector<std::vector<const char*>>{{"call", "show", nasty.c_str()},
                                               {"status", nasty.c_str()},
                                               {"call", "list", "--since", nasty.c_str()}}) {
        const Outcome wrong = run(arguments);
        EXPECT_EQ(wrong.status, kWrongUsage);
        EXPECT_THAT(wrong.err, HasSubstr("pwned"));
        EXPECT_THAT(wrong.err, Not(HasSubstr("\x1b")));
    }
}

}  // namespace
}  // namespace tidegate::cli
