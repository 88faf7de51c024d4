#include "log_queue.h"

#include <utility>

namespace tidegate::events {

bool LogQueue::push(Entry entry) {
    const std::size_t bytes = entry.bytes;
    const std::lock_guard guard(mutex_);
    if (closed_)
        return false;
    records_.fetch_add(1, std::memory_order_relaxed);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
    appended_.fetch_add(1, std::memory_order_relaxed);
    const bool was_empty = entries_.empty();
    const bool was_full = gathered_ >= options_.group_bytes;
    entries_.push_back(std::move(entry));
    gathered_ += bytes;
    if (was_empty || (!was_full && gathered_ >= options_.group_bytes))
        wake_.notify_one();
    return true;
}

bool LogQueue::has_room(std::size_t part) const {
    return records_.load(std::memory_order_relaxed) < options_.queue_records / part &&
           bytes_.load(std::memory_order_relaxed) < options_.queue_bytes / part;
}

bool LogQueue::take(std::vector<Entry>& entries, Duration idle) {
    entries.clear();
    std::unique_lock guard(mutex_);
    wake_.wait_for(guard, idle, [&] { return closed_ || !entries_.empty(); });
    if (entries_.empty())
        return !closed_;
    wake_.wait_for(guard, options_.group_interval,
                   [&] { return closed_ || gathered_ >= options_.group_bytes; });
    entries.swap(entries_);
    gathered_ = 0;
    return true;
}

void LogQueue::finished(std::size_t records, std::size_t bytes) {
    records_.fetch_sub(records, std::memory_order_relaxed);
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

void LogQueue::close(std::chrono::steady_clock::time_point give_up) {
    const std::lock_guard guard(mutex_);
    if (closed_)
        return;
    closed_ = true;
    give_up_ = give_up;
    wake_.notify_all();
}

bool LogQueue::pause(Duration interval) {
    using std::chrono::steady_clock;
    const auto until = steady_clock::now() + std::chrono::ceil<steady_clock::duration>(interval);
    std::unique_lock guard(mutex_);
    wake_.wait_until(guard, until, [&] { return closed_; });
    if (!closed_)
        return true;
    // From now on there is nothing to be woken for but the end.
    while (steady_clock::now() < std::min(until, give_up_)) wake_.wait_until(guard, std::min(until, give_up_));
    return steady_clock::now() < give_up_;
}

void LogQueue::fill(LogStats& stats) const {
    stats.queued = records_.load(std::memory_order_relaxed);
    stats.queued_bytes = bytes_.load(std::memory_order_relaxed);
    stats.appended = appended_.load(std::memory_order_relaxed);
}

}  // namespace tidegate::events
