// Log, index and sinks together: what `app` makes one of.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>
#include <tidegate/events/json_lines.h>
#include <tidegate/events/kafka.h>
#include <tidegate/events/log.h>
#include <tidegate/events/query.h>
#include <tidegate/events/sink_runner.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::events {

// The configuration's `records` and `events`. The index lies in `index` below the log's directory, cursors in
// `cursors`.
struct RecorderOptions {
    LogOptions log;
    bool redacted = false;  // for those who fill records: without what any guardrail matches
    std::size_t max_content = Content::kDefaultLimit;  // bytes a side, for those who fill records; 0: none
    std::vector<JsonLinesOptions> json_lines;
    std::vector<KafkaOptions> kafka;

    bool operator==(const RecorderOptions&) const = default;
};

// Any thread, after `open` returned and until it is destroyed.
class Recorder {
  public:
    // `more`: sinks of other modules.
    static Result<std::unique_ptr<Recorder>> open(RecorderOptions options, const Clock& clock,
                                                  std::vector<std::unique_ptr<Sink>> more = {});
    // Closes.
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    Log& log();
    // For the query thread.
    Query& query();
    const RecorderOptions& options() const;
    // The index is the first.
    std::vector<SinkStats> sinks() const;
    // `tidegate_index_lag_seconds`.
    Duration index_lag() const;

    // Writes what is queued, lets each sink take what it can within `patience`, ends all threads. Idempotent.
    void close(Duration patience = std::chrono::seconds{5});

  private:
    struct Parts;
    explicit Recorder(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace tidegate::events
