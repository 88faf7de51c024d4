#include "records.h"

#include <tidegate/events/recorder.h>

#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

namespace tidegate::events {
namespace {

using namespace std::chrono_literals;

class RecorderTest : public testing::Test {
  protected:
    void open() {
        Result<std::unique_ptr<Recorder>> recorder = Recorder::open(options_, clock_);
        ASSERT_TRUE(recorder) << recorder.error().text();
        recorder_ = std::move(*recorder);
    }
    CallId append(const CallRecord& record) {
        append_and_wait(recorder_->log(), record);
        return record.id;
    }
    // The index follows by itself, and mends itself; a test waits for it.
    Result<CallRecord> show_soon(CallId id) {
        for (;;) {
            Result<CallRecord> record = recorder_->query().show(id);
            if (record)
                return record;
            const ErrorKind kind = record.error().kind;
            // `io`: a damaged file was moved aside while the query had it open.
            if (kind != ErrorKind::not_found && kind != ErrorKind::malformed && kind != ErrorKind::io)
                return record;
            std::this_thread::yield();
        }
    }

    void SetUp() override {
        options_.log = log_options(folder_ / "calls");
        open();
    }

    TemporaryFolder folder_;
    ManualClock clock_{kNovember};
    RecorderOptions options_;
    std::unique_ptr<Recorder> recorder_;
};

TEST_F(RecorderTest, AnAppendedCallIsFoundWholeAndListed) {
    const CallRecord record = full_record();
    append(record);
    const Result<CallRecord> shown = show_soon(record.id);
    ASSERT_TRUE(shown) << shown.error().text();
    EXPECT_EQ(*shown, record);
    IndexFilter of_user;
    of_user.user = "user-1";
    const Result<std::vector<IndexRow>> rows = recorder_->query().list(of_user);
    ASSERT_EQ(rows->size(), 1U);
    EXPECT_EQ(
        render(rows->front()),
        R"({"id":")" + record.id.to_string() + R"(","time":")" + format_utc(record.id.time()) +
            R"(","feature":"support-reply","variant":"stable","user":"user-1","conversation":"c-\"quoted\"\n",)"
            R"("key":"checkout-service","model":"gpt-large","outcome":"fallback","fallback_entry":"small",)"
            R"("status":200,"total_us":120000,"input_tokens":17,"output_tokens":19,"cost_nano_usd":123000})");
    const Result<LogRecord> raw = recorder_->query().find(record.id);
    EXPECT_NE(raw->json().find("We open at 9."), std::string::npos);
    EXPECT_EQ(raw->head.find("We open at 9."), std::string::npos);
    EXPECT_EQ(decode(raw->head)->attempts, record.attempts);
}

TEST_F(RecorderTest, UnknownCallsAreNotFound) {
    EXPECT_EQ(recorder_->query().show(CallId::make(kNovember)).error().kind, ErrorKind::not_found);
}

TEST_F(RecorderTest, EverythingIsThereAfterARestart) {
    std::vector<CallId> sent;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 10; ++i) sent.push_back(append(full_record(clock_.wall())));
        recorder_->close();
        recorder_.reset();
        open();
        for (const CallId& id : sent) EXPECT_TRUE(recorder_->query().show(id)) << "indexed before the end";
    }
}

TEST_F(RecorderTest, AnIndexThatIsGoneIsBuiltAgain) {
    std::vector<CallId> sent;
    for (int i = 0; i < 10; ++i) sent.push_back(append(small_record(clock_.wall())));
    recorder_.reset();
    std::filesystem::remove_all(folder_ / "calls/index");
    open();
    for (const CallId& id : sent) EXPECT_TRUE(show_soon(id));
}

TEST_F(RecorderTest, ADamagedIndexIsBuiltAgain) {
    std::vector<CallId> sent;
    for (int i = 0; i < 10; ++i) sent.push_back(append(small_record(clock_.wall())));
    recorder_.reset();
    const std::string path = folder_ / "calls/index/calls-2026-11.db";
    ASSERT_TRUE(std::filesystem::exists(path));
    write_file(path, "rubbish that SQLite does not know");
    open();
    for (const CallId& id : sent) EXPECT_TRUE(show_soon(id));
    EXPECT_EQ(read_file(path + ".damaged").substr(0, 7), "rubbish");
}

TEST_F(RecorderTest, JsonLinesBeginWithWhatIsNew) {
    append(small_record(clock_.wall()));
    recorder_.reset();
    options_.json_lines.push_back({.name = "jsonl", .path = folder_ / "calls.jsonl"});
    open();
    const CallId id = append(small_record(clock_.wall()));
    recorder_->close();
    const std::string lines = read_file(folder_ / "calls.jsonl");
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1);
    EXPECT_NE(lines.find(id.to_string()), std::string::npos);
    const std::vector<SinkStats> sinks = recorder_->sinks();
    ASSERT_EQ(sinks.size(), 2U);
    EXPECT_EQ(sinks[0].name, "index");
    EXPECT_EQ(sinks[1].name, "jsonl");
    EXPECT_EQ(sinks[1].published, 1U);
    EXPECT_EQ(recorder_->index_lag(), 0s);
}

TEST_F(RecorderTest, TheSlowestSinkHoldsTheLog) {
    recorder_.reset();
    options_.log.segment_bytes = 1;
    options_.log.keep = 1h;
    options_.json_lines.push_back({.name = "jsonl", .path = folder_ / "in the way"});
    std::filesystem::create_directories(folder_ / "in the way");
    open();
    for (int i = 0; i < 3; ++i) show_soon(append(small_record(clock_.wall()))).has_value();
    while (!recorder_->sinks()[1].failed) std::this_thread::yield();
    clock_.advance(100h);
    append(small_record(clock_.wall()));
    recorder_->close(0s);
    recorder_.reset();
    open();
    EXPECT_EQ(recorder_->log().stats().segments, 5U) << "four, and the new one";
    recorder_->close(0s);
}

TEST_F(RecorderTest, ASecondOneOnTheDirectoryIsRefused) {
    const Result<std::unique_ptr<Recorder>> second = Recorder::open(options_, clock_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::conflict);
}

}  // namespace
}  // namespace tidegate::events
