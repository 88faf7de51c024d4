// What the admin API asks of the records.
#pragma once

#include <tidegate/base/id.h>
#include <tidegate/base/result.h>
#include <tidegate/events/call_record.h>
#include <tidegate/events/index.h>
#include <tidegate/events/log_reader.h>

#include <mutex>
#include <string>
#include <vector>

namespace tidegate::events {

// Any thread but an I/O thread: it reads files. One question at a time, the others wait.
class Query {
  public:
    Query(Log& log, const std::string& index_directory);

    // The whole record by index and log. `not_found`: unknown, not yet indexed, or dropped by retention.
    Result<LogRecord> find(CallId id);
    Result<CallRecord> show(CallId id);
    // Newest first.
    Result<std::vector<IndexRow>> list(const IndexFilter& filter);
    Result<ShadowFigures> shadow(const ShadowFilter& filter);

  private:
    IndexQuery index_;
    std::mutex mutex_;
    LogReader reader_;
};

// The JSON object of one line of a list.
std::string render(const IndexRow& row);

}  // namespace tidegate::events
