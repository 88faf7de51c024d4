// The segment files of a log's directory: recovery, the current one, retention, and how far all is synced.
#pragma once

#include "disk.h"
#include "segment.h"

#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>
#include <tidegate/events/log.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

namespace tidegate::events {

// `append` and `roll_if_old` belong to the writer thread; the rest may be called from any.
class Segments {
  public:
    static Result<std::unique_ptr<Segments>> open(const LogOptions& options, const Clock& clock);

    // Writes and syncs one group, in a new segment if the current one is full. After a failure the current
    // segment ends at what was synced before, and the next call begins a new one: what a failed `fdatasync`
    // left on the disk is not known.
    Result<> append(const GroupBuilder::Group& group);
    // Begins a new segment if the current one holds records older than `segment_age`.
    Result<> roll_if_old();
    // See Log::apply_retention.
    void drop_old(Cursor passed);

    Cursor synced() const;
    Cursor wait_synced(Cursor beyond, Duration timeout) const;
    void interrupt_waiters();
    Cursor oldest() const;
    std::string path(std::uint64_t segment) const;
    std::uint64_t readable_bytes(std::uint64_t segment) const;
    std::uint64_t after(std::uint64_t segment) const;

    void report_lost(Cursor group, std::uint64_t records);
    // Fills what it knows of.
    void fill(LogStats& stats) const;

  private:
    struct Segment {
        std::uint64_t bytes = 0;  // readable
        WallTime newest{};        // when its last group was written
    };

    Segments(const LogOptions& options, const Clock& clock) : options_(options), clock_(clock) {}
    Result<> list();
    Result<> recover_last();
    Result<> begin_segment();
    Result<> write_group(const GroupBuilder::Group& group);
    void seal_current();
    void abandon_current();
    std::uint64_t total_bytes() const;  // with the lock

    const LogOptions options_;
    const Clock& clock_;
    File lock_;

    // The writer thread's.
    File current_;
    std::uint64_t current_number_ = 0;
    std::uint64_t last_number_ = 0;
    WallTime current_began_{};

    mutable std::mutex mutex_;
    mutable std::condition_variable progress_;
    std::map<std::uint64_t, Segment> segments_;
    Cursor synced_;
    bool interrupted_ = false;
    std::set<Cursor> lost_places_;
    std::uint64_t lost_ = 0;
    std::uint64_t held_back_ = 0;
};

}  // namespace tidegate::events
