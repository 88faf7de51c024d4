// The log's thread: turns records into groups, writes them, keeps trying when the disk refuses.
#pragma once

#include "log_queue.h"
#include "segments.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::events {

class LogWriter {
  public:
    LogWriter(const LogOptions& options, LogQueue& queue, Segments& segments);
    // The queue must have been closed.
    ~LogWriter() { join(); }
    void join();

    void start_retention(std::function<Cursor()> passed);
    bool works() const { return works_.load(std::memory_order_relaxed); }
    void fill(LogStats& stats) const;

  private:
    void run();
    void add(std::span<LogQueue::Entry> entries);
    void encode(const CallRecord& record);
    Duration time_left() const;
    void write_group();
    // False if it was given up.
    bool store(const GroupBuilder::Group& group);
    void housekeep();
    void set_failure(std::string text);

    const LogOptions options_;
    LogQueue& queue_;
    Segments& segments_;
    // Of the group in progress: what is to be told when it is written.
    struct Pending {
        std::size_t records = 0;
        std::size_t bytes = 0;
        std::chrono::steady_clock::time_point since{};  // when the first came
        std::vector<std::function<void(bool)>> on_durable;
    };
    // Used by the thread alone.
    GroupBuilder builder_;
    Pending pending_;
    std::chrono::steady_clock::time_point last_housekeeping_{};

    std::atomic<std::uint64_t> synced_{0};
    std::atomic<std::uint64_t> given_up_{0};
    std::atomic<bool> works_{true};
    mutable std::mutex mutex_;
    std::string failure_;  // empty: none
    std::function<Cursor()> passed_;

    std::mutex join_mutex_;
    std::thread thread_;  // last: it uses the others
};

}  // namespace tidegate::events
