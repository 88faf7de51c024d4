// The durable log of call records: append-only, checksummed, compressed segments in one directory, written by
// one thread with one `fdatasync` a group. The format is docs/log_format.md.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>
#include <tidegate/events/position.h>
#include <tidegate/events/record_pool.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::events {

class LogQueue;
class LogWriter;
class Segments;

enum class Durability {
    relaxed,  // `kill -9` may lose the records of the last milliseconds
    strict,   // callers hold the answer's last byte until `on_durable`
};

struct LogOptions {
    std::string directory;  // made if it does not exist; not on a network file system
    Durability durability = Durability::relaxed;
    bool content = true;  // false: what was asked and answered is left out
    // Whole segments go when the newest record in them is older, or when all segments together are larger.
    Duration keep = std::chrono::hours{24 * 30};
    std::uint64_t keep_bytes = 20ULL << 30;
    std::uint64_t segment_bytes = 64ULL << 20;               // a new segment begins when this is passed
    Duration segment_age = std::chrono::hours{24};           // or after this time, so that age can drop it
    Duration group_interval = std::chrono::milliseconds{5};  // how long records gather to be encoded
    std::size_t group_bytes = 4ULL << 20;               // uncompressed; the record that reaches it is the last
    Duration retry_interval = std::chrono::seconds{1};  // after a disk error
    // `has_room` says no beyond either.
    std::size_t queue_records = 20'000;
    std::size_t queue_bytes = 256ULL << 20;

    bool operator==(const LogOptions&) const = default;
};

// A snapshot of counters, for metrics and tests.
struct LogStats {
    std::uint64_t queued = 0;  // handed over, not yet synced
    std::uint64_t queued_bytes = 0;
    std::uint64_t appended = 0;  // since start
    std::uint64_t synced = 0;    // since start
    std::uint64_t lost = 0;      // records in groups that cannot be read, since start
    std::uint64_t bytes = 0;     // all segments
    std::uint64_t segments = 0;
    std::uint64_t held_back = 0;  // bytes beyond `keep_bytes` that a sink has yet to read
    bool failed = false;          // the disk refuses; retried until it does not
    std::string failure;          // why, one line
};

// All functions may be called from any thread; the object outlives its readers and runners.
class Log {
  public:
    // Takes the directory (one owner: a second one, in this process or another, is refused), cuts a torn tail
    // off the last segment and begins a new one.
    static Result<std::unique_ptr<Log>> open(LogOptions options, const Clock& clock);
    // Closes.
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    // Whether a new call may begin. Calls that have begun may always append: no record is dropped.
    bool has_room() const;
    // Whether less than half of the queue is used: what can be left out should be, beyond that.
    bool has_ample_room() const;
    // False while the disk refuses what is queued. Cheap.
    bool works() const;
    // Hands the record to the writer and returns at once. `on_durable` is called exactly once on the writer
    // thread: true after the record's group was synced, false if the log was closed without the disk having
    // taken it. It must not block. False if the log is closed already; `on_durable` is then not called.
    bool append(RecordPointer record, std::function<void(bool durable)> on_durable = {});
    // Writes what is queued (if the disk refuses, for at most `patience`) and ends the writer. Idempotent.
    void close(Duration patience = std::chrono::seconds{5});

    // The end of what is safe on disk. Readers go no further.
    Cursor synced() const;
    // Returns `synced` when it has gone past `beyond`, after `timeout`, or once `interrupt_waiters` was called:
    // from then on at once.
    Cursor wait_synced(Cursor beyond, Duration timeout) const;
    void interrupt_waiters();
    // The start of the oldest segment that still exists.
    Cursor oldest() const;

    // Drops old segments in the background, never the current one nor anything at or behind `passed()`, which
    // is asked on the writer thread: the smallest cursor of all sinks. Until this is called nothing is dropped.
    void start_retention(std::function<Cursor()> passed);
    // One round of it.
    void apply_retention(Cursor passed);

    // For readers: where a segment lies, how many bytes of it are safe to read (0 if it does not exist), and
    // the number of the next one (0 if there is none).
    std::string segment_path(std::uint64_t segment) const;
    std::uint64_t readable_bytes(std::uint64_t segment) const;
    std::uint64_t segment_after(std::uint64_t segment) const;
    // A reader found a group it cannot read; each place is counted once.
    void report_lost(Cursor group, std::uint64_t records);

    LogStats stats() const;
    const LogOptions& options() const;

  private:
    Log(LogOptions options, std::unique_ptr<Segments> segments);

    const LogOptions options_;
    std::unique_ptr<Segments> segments_;
    std::unique_ptr<LogQueue> queue_;
    std::unique_ptr<LogWriter> writer_;
};

}  // namespace tidegate::events
