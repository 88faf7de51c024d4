#include <tidegate/events/record_pool.h>

#include <utility>

namespace tidegate::events {

void RecordReturn::operator()(CallRecord* record) const {
    std::unique_ptr<CallRecord> owned(record);
    if (home_)
        home_->give_back(std::move(owned));
}

RecordPool::RecordPool() {
    ready_.reserve(kMostRecords);
    returned_.reserve(kMostRecords);
}

RecordPointer RecordPool::take() {
    if (ready_.empty()) {
        const std::lock_guard guard(mutex_);
        ready_.swap(returned_);
    }
    std::unique_ptr<CallRecord> record;
    if (ready_.empty()) {
        record = std::make_unique<CallRecord>();
    } else {
        record = std::move(ready_.back());
        ready_.pop_back();
        *record = CallRecord();  // in libstdc++ its strings keep their memory
    }
    return {record.release(), RecordReturn(shared_from_this())};
}

void RecordPool::give_back(std::unique_ptr<CallRecord> record) {
    if (memory_of(*record) > kMostBytes)
        return;
    const std::lock_guard guard(mutex_);
    if (returned_.size() < kMostRecords)
        returned_.push_back(std::move(record));
}

}  // namespace tidegate::events
