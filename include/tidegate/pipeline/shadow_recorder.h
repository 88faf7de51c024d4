// Compares what shadow runs answered, off the I/O threads, and records the pairs.
#pragma once

#include <tidegate/calls/redact.h>
#include <tidegate/dialect/decode.h>
#include <tidegate/events/call_record.h>
#include <tidegate/pipeline/shadow_lane.h>
#include <tidegate/upstream/limits.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace tidegate::events {
class Log;
}

namespace tidegate::pipeline {

// A run that has ended. Its record lacks the comparison.
struct ShadowPair {
    std::unique_ptr<events::CallRecord> record;
    ShadowCopy copy;                      // gives its place back when the pair is on its way to the log
    std::vector<guardrails::Trip> trips;  // of the run
};

// Fills `comparisons` and `disagrees`. The first answer is the live one.
using CompareAnswers = std::function<void(const dialect::DecodedAnswer& live, const dialect::DecodedAnswer& run,
                                          double minimum_similarity, events::Shadow& into)>;

// One thread. Its queue is bounded by the lanes' places. Any thread may hand over; the log outlives it.
class ShadowRecorder {
  public:
    ShadowRecorder(events::Log& log, CompareAnswers compare);
    // Closes.
    ~ShadowRecorder();
    ShadowRecorder(const ShadowRecorder&) = delete;
    ShadowRecorder& operator=(const ShadowRecorder&) = delete;

    void take(ShadowPair pair);
    // Records what was handed over and ends the thread; what comes later is not recorded. Blocks. Idempotent.
    void close();

  private:
    void run();
    void record(ShadowPair pair);

    events::Log& log_;
    const CompareAnswers compare_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<ShadowPair> queue_;
    bool closing_ = false;
    std::thread thread_;  // last: it uses the others
};

}  // namespace tidegate::pipeline
