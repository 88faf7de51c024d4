// What the tests of this folder share: folders that go away, and records.
#pragma once

#include <tidegate/events/call_record.h>
#include <tidegate/events/log.h>
#include <tidegate/events/log_reader.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

namespace tidegate::events {

// A folder in memory where there is such a place (syncs are then free), removed at the end.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        const bool memory = ::access("/dev/shm", W_OK) == 0;
        const std::string parent = memory ? "/dev/shm" : std::filesystem::temp_directory_path().string();
        std::string pattern = parent + "/tidegate-events-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

constexpr WallTime kNovember{std::chrono::seconds{1'795'000'000}};  // 2026-11-18

inline CallRecord small_record(WallTime at, const std::string& feature = "support-reply") {
    CallRecord record;
    record.id = CallId::make(at);
    record.started = at;
    record.total = std::chrono::milliseconds{120};
    record.feature = feature;
    record.variant = "stable";
    record.user = "user-1";
    record.status = 200;
    record.model = "gpt-large";
    record.cost = NanoDollars{123'000};
    return record;
}

// Every member set, each to something of its own.
CallRecord full_record(WallTime at = kNovember);

// A run of the variant `next` beside a call that `stable` answered; every member of `shadow` set.
CallRecord shadow_record(WallTime at);

inline LogOptions log_options(const std::string& directory) {
    LogOptions options;
    options.directory = directory;
    options.durability = Durability::strict;
    options.group_interval = std::chrono::microseconds{200};
    options.retry_interval = std::chrono::milliseconds{5};
    return options;
}

inline std::unique_ptr<Log> open_log(const LogOptions& options, const Clock& clock) {
    Result<std::unique_ptr<Log>> log = Log::open(options, clock);
    EXPECT_TRUE(log) << log.error().text();
    return log ? std::move(*log) : nullptr;
}

// Appends and waits until it is on disk: each call makes a group of its own.
inline void append_and_wait(Log& log, const CallRecord& record) {
    std::promise<bool> durable;
    ASSERT_TRUE(log.append(std::make_unique<CallRecord>(record), [&](bool done) { durable.set_value(done); }));
    EXPECT_TRUE(durable.get_future().get());
}

// As if it had been read back from the log.
LogRecord log_record(CallId id, RecordPosition position, const std::string& head,
                     const std::string& content = "");
LogRecord log_record(const CallRecord& record, RecordPosition position = {});

// All that the log holds from `cursor` on.
inline std::vector<LogRecord> read_all(Log& log, Cursor cursor = {}) {
    LogReader reader(log);
    std::vector<LogRecord> all, some;
    for (;;) {
        const Result<> read = reader.read(cursor, some, {.records = 3});
        EXPECT_TRUE(read) << read.error().text();
        if (!read || (some.empty() && cursor >= log.synced()))
            return all;
        all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    }
}

inline std::vector<CallId> ids(const std::vector<LogRecord>& records) {
    std::vector<CallId> all;
    for (const LogRecord& record : records) all.push_back(record.id);
    return all;
}

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& bytes);

}  // namespace tidegate::events
