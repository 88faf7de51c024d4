// Reads records back from the log's segments, in order or one by one.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/id.h>
#include <tidegate/base/result.h>
#include <tidegate/events/position.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::events {

class File;
class Log;

// A record as it lies in the log, not yet parsed. It keeps the whole group that it was read with in memory, 4
// MiB as a rule and 128 MiB at most: not for keeping.
struct LogRecord {
    CallId id;
    RecordPosition position;
    std::string_view head;     // the JSON form without content
    std::string_view content;  // what was asked and answered, as docs/log_format.md has it; empty if not read
    std::shared_ptr<const char[]> group;  // where both lie

    // The JSON form with the content that was read.
    std::string json() const;
};

// Limits of one `read`; it returns at least one group if there is one.
struct ReadLimits {
    std::size_t records = 2000;
    std::size_t bytes = 8ULL << 20;
    bool content = true;  // without, the content is not even decompressed
};

// One thread at a time. Groups that cannot be read are skipped, reported to the log and written to the
// operator's log.
class LogReader {
  public:
    explicit LogReader(Log& log);
    ~LogReader();
    LogReader(const LogReader&) = delete;
    LogReader& operator=(const LogReader&) = delete;

    // Reads whole groups from `cursor` on into `records` (cleared first) and moves `cursor` behind them.
    // Nothing is added at the end of what is synced. A cursor before the oldest segment moves to it; one beyond
    // the end (the log was deleted) to the oldest too.
    Result<> read(Cursor& cursor, std::vector<LogRecord>& records, ReadLimits limits = {});
    // When the last group of the last `read` was written.
    WallTime newest() const { return newest_; }
    // One record; `not_found` if its segment has been dropped.
    Result<LogRecord> read_at(RecordPosition position);

  private:
    Result<> open_segment(std::uint64_t segment);

    Log& log_;
    std::uint64_t segment_ = 0;
    std::unique_ptr<File> file_;
    WallTime newest_{};
};

}  // namespace tidegate::events
