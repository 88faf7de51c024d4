// What lies between the threads that append and the one that writes.
#pragma once

#include <tidegate/events/log.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace tidegate::events {

class LogQueue {
  public:
    struct Entry {
        RecordPointer record;
        std::function<void(bool)> on_durable;
        std::size_t bytes = 0;
    };

    explicit LogQueue(const LogOptions& options) : options_(options) {}

    // False if closed. The lock is held for a push or a swap only.
    bool push(Entry entry);
    // `part` 2: room in the first half, …
    bool has_room(std::size_t part = 1) const;

    // Waits for entries, at most `idle`; then gathers for the group interval, or until a group is full. False:
    // closed, and nothing is left.
    bool take(std::vector<Entry>& entries, Duration idle);
    // The entries are out of memory: synced or given up.
    void finished(std::size_t records, std::size_t bytes);

    void close(std::chrono::steady_clock::time_point give_up);
    // Waits `interval`; false if the queue was closed and its time to give up has come.
    bool pause(Duration interval);

    void fill(LogStats& stats) const;

  private:
    const LogOptions options_;
    std::atomic<std::size_t> records_{0};
    std::atomic<std::size_t> bytes_{0};
    std::atomic<std::uint64_t> appended_{0};

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Entry> entries_;
    std::size_t gathered_ = 0;
    bool closed_ = false;
    std::chrono::steady_clock::time_point give_up_{};
};

}  // namespace tidegate::events
