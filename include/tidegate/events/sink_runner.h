// The thread that carries records from the log to one sink.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/events/log.h>
#include <tidegate/events/sink.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace tidegate::events {

// How far a sink is. `lag` is the age of the oldest synced record that it has yet to take, 0 if there is none.
struct SinkStats {
    std::string name;
    std::uint64_t published = 0;  // records, since start
    Duration lag{};
    bool failed = false;  // retried until it is not
    std::string failure;
};

struct SinkRunnerOptions {
    Duration interval = std::chrono::milliseconds{200};  // between batches, unless the log holds more
    Duration retry = std::chrono::milliseconds{100};     // after a failure; doubles up to `longest_retry`
    Duration longest_retry = std::chrono::seconds{5};
    ReadLimits batch;
};

// Begins at once. Any thread may ask; the log and the clock outlive it.
class SinkRunner {
  public:
    SinkRunner(Log& log, std::unique_ptr<Sink> sink, const Clock& clock, SinkRunnerOptions options = {});
    // Finishes at once.
    ~SinkRunner();
    SinkRunner(const SinkRunner&) = delete;
    SinkRunner& operator=(const SinkRunner&) = delete;

    // What the sink has taken for good: the log may drop what lies before. {0, 0} until the sink could be
    // opened.
    Cursor passed() const;
    SinkStats stats() const;

    // Lets the sink take what the log holds, for at most `patience`, and ends the thread. Close the log first.
    // Idempotent.
    void finish(Duration patience);

  private:
    void run();
    // False when it is time to end.
    bool step();
    bool open_sink();
    void failed(const Error& error);
    bool pause(Duration interval);

    Log& log_;
    std::unique_ptr<Sink> sink_;
    const Clock& clock_;
    const SinkRunnerOptions options_;
    const Cursor end_at_start_;

    // The runner thread's.
    LogReader reader_;
    std::vector<LogRecord> batch_;
    Cursor cursor_;
    bool opened_ = false;
    Duration next_retry_;

    std::atomic<std::uint64_t> published_{0};
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Cursor passed_;
    std::string failure_;  // empty: none
    WallTime behind_since_{};
    bool finishing_ = false;
    std::chrono::steady_clock::time_point give_up_{};

    std::thread thread_;  // last: it uses the others
};

}  // namespace tidegate::events
