#include "records.h"

#include <tidegate/events/call_record.h>

#include <gtest/gtest.h>

namespace tidegate::events {
namespace {

TEST(CallRecord, EveryMemberSurvivesTheRoundTrip) {
    const CallRecord record = full_record();
    const std::string json = encode(record);
    const Result<CallRecord> back = decode(json);
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(*back, record) << json;
}

TEST(CallRecord, AShadowRunSurvivesTheRoundTrip) {
    const CallRecord record = shadow_record(kNovember);
    EXPECT_EQ(encode(record, false).find("At noon"), std::string::npos) << "content in the head";
    const std::string json = encode(record);
    const Result<CallRecord> back = decode(json);
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(*back, record) << json;
}

TEST(CallRecord, EveryRoleOfAShadowRunHasAName) {
    for (const ShadowRole role : {ShadowRole::candidate, ShadowRole::noise, ShadowRole::baseline}) {
        CallRecord record = shadow_record(kNovember);
        record.shadow->role = role;
        EXPECT_EQ(decode(encode(record))->shadow->role, role) << to_string(role);
    }
    EXPECT_EQ(parse_shadow_role("no such"), std::nullopt);
}

TEST(CallRecord, EveryOutcomeHasAName) {
    for (int i = 0; i <= static_cast<int>(Outcome::cancelled); ++i) {
        CallRecord record = small_record(kNovember);
        record.outcome = static_cast<Outcome>(i);
        EXPECT_EQ(decode(encode(record))->outcome, record.outcome) << to_string(record.outcome);
    }
    EXPECT_EQ(parse_outcome("no such"), std::nullopt);
}

TEST(CallRecord, AnEmptyRecordSurvivesToo) {
    const CallRecord record;
    EXPECT_EQ(*decode(encode(record)), record);
}

TEST(CallRecord, CanBeWrittenWithoutContent) {
    CallRecord record = full_record();
    const std::string head = encode(record, false);
    EXPECT_EQ(head.find("messages"), std::string::npos);
    EXPECT_EQ(head.find("We open"), std::string::npos);
    const Result<CallRecord> back = decode(head);
    ASSERT_TRUE(back) << back.error().text();
    record.request = Content();
    record.answer = Content();
    record.context.clear();
    EXPECT_EQ(*back, record);
    EXPECT_EQ(encode(record), head);
}

TEST(CallRecord, UnknownMembersAreIgnored) {
    std::string json = encode(small_record(kNovember));
    json.insert(1, R"("later":{"deep":[1,2]},)");
    EXPECT_EQ(decode(json)->feature, "support-reply");
}

TEST(CallRecord, MembersMayComeInAnyOrder) {
    const std::string json =
        R"({"variant":"next","user":"u","schema":1,"usage_kind":"bounded","feature":"chat",)"
        R"("attempts":[{"lease":3,"number":2,"entry":"small"}],"status":429})";
    const Result<CallRecord> record = decode(json);
    ASSERT_TRUE(record) << record.error().text();
    EXPECT_EQ(record->variant, "next");
    EXPECT_EQ(record->user, "u");
    EXPECT_EQ(record->feature, "chat");
    EXPECT_EQ(record->status, 429);
    EXPECT_EQ(record->usage_kind, UsageKind::bounded);
    ASSERT_EQ(record->attempts.size(), 1U);
    EXPECT_EQ(record->attempts[0].number, 2);
    EXPECT_EQ(record->attempts[0].entry, "small");
    EXPECT_EQ(record->attempts[0].lease, 3);
}

TEST(CallRecord, AttemptsCanBeReadAlone) {
    EXPECT_EQ(*decode_attempts(encode(full_record())), full_record().attempts);
    EXPECT_TRUE(decode_attempts(encode(small_record(kNovember)))->empty());
    EXPECT_FALSE(decode_attempts(R"({"schema":2,"attempts":[]})"));
    EXPECT_FALSE(decode_attempts("{"));
}

TEST(CallRecord, RefusesWhatIsNoRecord) {
    for (const char* text : {"", "[]", "{}", "{\"schema\":1", R"({"schema":"1"})"}) {
        EXPECT_FALSE(decode(text)) << text;
    }
    const Result<CallRecord> newer = decode(R"({"schema":2})");
    ASSERT_FALSE(newer);
    EXPECT_NE(newer.error().message.find("newer"), std::string::npos);
}

TEST(CallRecord, TextThatIsNoUtf8DoesNotBreakTheJson) {
    CallRecord record = small_record(kNovember);
    record.user = "a\xff z";
    EXPECT_EQ(decode(encode(record))->user, "a\xef\xbf\xbd z");
}

TEST(Content, KeepsTheFirstBytesAndCountsAll) {
    Content content(10);
    content.append("12345");
    content.append("67890abc");
    content.append("def");
    EXPECT_EQ(content.bytes(), "1234567890");
    EXPECT_EQ(content.total(), 16U);
    EXPECT_TRUE(content.truncated());
}

TEST(Content, IsNotTruncatedWhenItFitsExactly) {
    Content content(4);
    content.append("1234");
    EXPECT_FALSE(content.truncated());
    content.append("");
    EXPECT_FALSE(content.truncated());
}

TEST(Content, IsCutBetweenCharacters) {
    const std::string text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
    for (std::size_t limit = 0; limit <= text.size(); ++limit) {
        Content content(limit);
        content.append(text);
        const std::string kept = content.bytes();
        EXPECT_EQ(kept, text.substr(0, kept.size())) << limit;
        EXPECT_LT(limit - kept.size(), 4U) << limit;
        EXPECT_EQ(content.kept(), kept.size());
        Content in_pieces(limit);
        for (const char byte : text) in_pieces.append({&byte, 1});
        EXPECT_EQ(in_pieces, content) << limit;
        Content again;
        again.append(kept + "\xff");
        CallRecord record;
        record.request = content;
        EXPECT_EQ(encode(record).find("base64"), std::string::npos) << "cut inside a character at " << limit;
    }
}

TEST(Content, HoldsLongBytesHoweverTheyCome) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += std::to_string(i) + " ";
    for (const std::size_t step : {1U, 7U, 16'000U, 100'000U}) {
        Content content;
        for (std::size_t at = 0; at < text.size(); at += step)
            content.append(std::string_view(text).substr(at, step));
        EXPECT_EQ(content.bytes(), text);
    }
}

TEST(Content, AZeroLimitKeepsNothing) {
    Content content(0);
    content.append("secret");
    EXPECT_EQ(content.bytes(), "");
    EXPECT_TRUE(content.truncated());
}

}  // namespace
}  // namespace tidegate::events
