// Call records on their way back from the log to the thread that made them. Memory that one thread allocates
// and another frees is dear, and a record has some forty strings: at home they are used again.
#pragma once

#include <tidegate/events/call_record.h>

#include <memory>
#include <mutex>
#include <vector>

namespace tidegate::events {

class RecordPool;

// Deletes a record, or sends it home if it came from a pool.
class RecordReturn {
  public:
    RecordReturn() = default;
    // So that a record made by std::make_unique is taken, too.
    RecordReturn(std::default_delete<CallRecord>) {}  // NOLINT(google-explicit-constructor)
    explicit RecordReturn(std::shared_ptr<RecordPool> home) : home_(std::move(home)) {}
    void operator()(CallRecord* record) const;

  private:
    std::shared_ptr<RecordPool> home_;
};

using RecordPointer = std::unique_ptr<CallRecord, RecordReturn>;

// Of one thread, which alone takes; any thread gives back.
class RecordPool : public std::enable_shared_from_this<RecordPool> {
  public:
    // What waits to be used again: small records, so many of them.
    static constexpr std::size_t kMostRecords = 512;
    static constexpr std::size_t kMostBytes = 16 * 1024;

    RecordPool();

    // Every member has its default.
    RecordPointer take();

  private:
    friend class RecordReturn;
    void give_back(std::unique_ptr<CallRecord> record);

    std::vector<std::unique_ptr<CallRecord>> ready_;  // of the owning thread
    std::mutex mutex_;
    std::vector<std::unique_ptr<CallRecord>> returned_;
};

}  // namespace tidegate::events
