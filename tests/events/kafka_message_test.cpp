#include "events/kafka_message.h"

#include "records.h"

#include <gtest/gtest.h>
#include <simdjson.h>

namespace tidegate::events {
namespace {

constexpr std::size_t kLeast = 3 * 1024;

Content content(const std::string& bytes, std::size_t keep = 8 << 20) {
    Content content(keep);
    content.append(bytes);
    content.format = "openai";
    return content;
}

// A whole record within the limit, or the test fails.
CallRecord fitted(const CallRecord& record, std::size_t limit) {
    const std::string message = fit_message(log_record(record), limit);
    EXPECT_LE(message.size(), limit);
    const Result<CallRecord> read = decode(message);
    EXPECT_TRUE(read) << message;
    return read ? *read : CallRecord();
}

bool is_marked(const std::string& message, const char* pointer) {
    simdjson::dom::parser parser;
    bool cut = false;
    return !parser.parse(message).at_pointer(pointer).get(cut) && cut;
}

TEST(FitMessage, LeavesARecordThatFitsAsItIs) {
    const CallRecord record = full_record();
    EXPECT_EQ(fit_message(log_record(record), encode(record).size()), encode(record));
}

TEST(FitMessage, CutsNoMoreOfTheContentThanItMust) {
    CallRecord record = full_record();
    record.request = content(std::string(300'000, 'q'));
    record.answer = content("a short answer");
    const CallRecord cut = fitted(record, 200'000);
    EXPECT_GT(cut.request.kept(), 150'000U);
    EXPECT_EQ(cut.request.total(), 300'000U);
    EXPECT_TRUE(cut.request.truncated());
    EXPECT_EQ(cut.answer, record.answer);
    EXPECT_TRUE(is_marked(fit_message(log_record(record), 200'000), "/content/cut"));
    record.request = cut.request;
    EXPECT_EQ(cut, record) << "everything else is as it was";
}

TEST(FitMessage, HoldsTheLimitWhateverTheContentIsMadeOf) {
    CallRecord record = full_record();
    for (const std::string& piece : {std::string("x"), std::string("\x01"), std::string("\xff"),
                                     std::string("\xf0\x9f\x98\x80"), std::string("\"\\")}) {
        std::string bytes;
        while (bytes.size() < 100'000) bytes += piece;
        record.request = content(bytes, 80'000);
        record.answer = content(bytes);
        record.context.assign(20, bytes.substr(0, 9'000));
        for (std::size_t limit = kLeast; limit < 1'000'000; limit *= 4) {
            const CallRecord cut = fitted(record, limit);
            EXPECT_EQ(cut.id, record.id);
            EXPECT_EQ(cut.cost, record.cost);
            const std::string kept = cut.answer.bytes();
            EXPECT_EQ(kept, bytes.substr(0, kept.size())) << "cut between characters";
        }
    }
}

TEST(FitMessage, LeavesAllContentOutWhenTheRestFillsTheMessage) {
    CallRecord record = full_record();
    record.request = content(std::string(100'000, 'q'));
    const std::size_t head = encode(record, false).size();
    const std::string message = fit_message(log_record(record), std::max(head + 50, kLeast));
    EXPECT_TRUE(is_marked(message, "/content/cut")) << message;
    EXPECT_EQ(decode(message)->attributes, record.attributes);
}

TEST(FitMessage, KeepsWhoWhatAndCostOfARecordThatIsTooLongWithoutContent) {
    CallRecord record = full_record();
    record.attributes.assign(1, {"note", std::string(50'000, 'n')});
    record.user = std::string(256, '\x01');
    const std::string message = fit_message(log_record(record), kLeast);
    EXPECT_LE(message.size(), kLeast);
    EXPECT_TRUE(is_marked(message, "/cut")) << message;
    const Result<CallRecord> read = decode(message);
    ASSERT_TRUE(read) << message;
    EXPECT_EQ(read->id, record.id);
    EXPECT_EQ(read->user, record.user);
    EXPECT_EQ(read->feature, record.feature);
    EXPECT_EQ(read->usage, record.usage);
    EXPECT_EQ(read->cost, record.cost);
    EXPECT_TRUE(read->attributes.empty());
}

TEST(FitMessage, StillNamesARecordThatCannotBeRead) {
    const std::string json = R"({"schema":99,"x":")" + std::string(50'000, 'x') + "\"}";
    const LogRecord record = log_record(full_record().id, {}, json);
    const std::string message = fit_message(record, kLeast);
    EXPECT_EQ(decode(message)->id, record.id) << message;
    EXPECT_TRUE(is_marked(message, "/cut"));
}

}  // namespace
}  // namespace tidegate::events
