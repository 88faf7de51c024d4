// The content of a record as it lies in the log.
#include "events/content_codec.h"

#include "records.h"

#include <gtest/gtest.h>

namespace tidegate::events {
namespace {

std::string written(const CallRecord& record) {
    std::string out;
    append_content(out, record);
    return out;
}

CallRecord only_content(CallRecord from) {
    CallRecord record;
    record.request = from.request;
    record.answer = from.answer;
    record.context = from.context;
    record.live_answer = from.live_answer;
    return record;
}

TEST(ContentCodec, EverythingSurvivesTheRoundTrip) {
    const CallRecord nothing;
    for (const CallRecord& record : {full_record(), shadow_record(kNovember), nothing}) {
        CallRecord back;
        ASSERT_TRUE(read_content(written(record), back));
        EXPECT_EQ(back, only_content(record));
    }
}

TEST(ContentCodec, WhatWasCutStaysCut) {
    CallRecord record;
    record.answer = Content(7);
    record.answer.append("Gr\xc3\xb6\xc3\x9f\xc3\xa4");
    record.request = Content(0);
    record.request.append("nothing of it is kept");
    CallRecord back;
    ASSERT_TRUE(read_content(written(record), back));
    EXPECT_EQ(back.answer.bytes(), "Gr\xc3\xb6\xc3\x9f") << "between characters";
    EXPECT_EQ(back.answer.total(), 8U);
    EXPECT_TRUE(back.request.truncated());
    EXPECT_EQ(back.request.total(), 21U);
}

TEST(ContentCodec, WhatWasCutIsNotCutAgain) {
    CallRecord record;
    record.answer = Content(4);
    record.answer.append("\xc3\xc3\xc3\xc3 no UTF-8");
    const std::string once = record.answer.bytes();
    EXPECT_EQ(once, "\xc3\xc3\xc3");
    CallRecord back;
    ASSERT_TRUE(read_content(written(record), back));
    EXPECT_EQ(back.answer.bytes(), once);
    EXPECT_EQ(written(back), written(record));
}

TEST(ContentCodec, RefusesWhatIsCutOrUnknown) {
    const CallRecord record = full_record();
    CallRecord back;
    const std::string whole = written(record);
    std::string first;
    CallRecord one;
    one.request = record.request;
    append_content(first, one);
    for (std::size_t length = 1; length < first.size(); ++length) {
        EXPECT_FALSE(read_content(std::string_view(whole).substr(0, length), back)) << length;
    }
    EXPECT_TRUE(read_content(std::string_view(whole).substr(0, first.size()), back));
    std::string unknown = whole;
    unknown[0] = 9;
    EXPECT_FALSE(read_content(unknown, back));
}

}  // namespace
}  // namespace tidegate::events
