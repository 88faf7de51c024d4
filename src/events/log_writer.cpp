#include "log_writer.h"

#include "content_codec.h"

#include <tidegate/base/log.h>

#include <utility>

#include <pthread.h>

namespace tidegate::events {
namespace {

constexpr Duration kHousekeeping = std::chrono::seconds{1};
// With relaxed durability: a sync costs as much as encoding some hundred records.
constexpr Duration kSyncInterval = std::chrono::milliseconds{20};

}  // namespace

LogWriter::LogWriter(const LogOptions& options, LogQueue& queue, Segments& segments)
    : options_(options), queue_(queue), segments_(segments), thread_([this] { run(); }) {}

void LogWriter::join() {
    const std::lock_guard guard(join_mutex_);
    if (thread_.joinable())
        thread_.join();
}

void LogWriter::run() {
    ::pthread_setname_np(::pthread_self(), "tg-log");
    std::vector<LogQueue::Entry> entries;
    bool open = true;
    while (open) {
        open = queue_.take(entries, time_left());
        add(entries);
        entries.clear();
        if (!open || time_left() <= Duration::zero())
            write_group();
        housekeep();
    }
}

// Encoding does not wait for the group to be complete: a record that was just made is still in the cache.
void LogWriter::add(std::span<LogQueue::Entry> entries) {
    for (LogQueue::Entry& entry : entries) {
        if (pending_.records == 0)
            pending_.since = std::chrono::steady_clock::now();
        encode(*entry.record);
        entry.record.reset();
        ++pending_.records;
        pending_.bytes += entry.bytes;
        if (entry.on_durable)
            pending_.on_durable.push_back(std::move(entry.on_durable));
        if (builder_.size() >= options_.group_bytes)
            write_group();
    }
}

void LogWriter::encode(const CallRecord& record) {
    builder_.begin(record.id);
    append_encoded(builder_.heads(), record);
    if (options_.content)
        append_content(builder_.contents(), record);
    builder_.end();
}

// How long the group in progress may wait for more.
Duration LogWriter::time_left() const {
    if (pending_.records == 0)
        return kHousekeeping;
    if (options_.durability == Durability::strict)
        return Duration::zero();
    return pending_.since + kSyncInterval - std::chrono::steady_clock::now();
}

void LogWriter::write_group() {
    if (pending_.records == 0)
        return;
    const bool durable = store(builder_.finish());
    const Pending group = std::exchange(pending_, {});
    (durable ? synced_ : given_up_).fetch_add(group.records, std::memory_order_relaxed);
    queue_.finished(group.records, group.bytes);
    for (const auto& on_durable : group.on_durable) on_durable(durable);
}

bool LogWriter::store(const GroupBuilder::Group& group) {
    for (;;) {
        const Result<> written = segments_.append(group);
        if (written) {
            set_failure({});
            return true;
        }
        set_failure(written.error().text());
        if (!queue_.pause(options_.retry_interval)) {
            log::error("events", "the log ends without {} record(s): {}", group.records,
                       written.error().text());
            return false;
        }
        housekeep();  // may make room
    }
}

void LogWriter::housekeep() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_housekeeping_ < kHousekeeping)
        return;
    last_housekeeping_ = now;
    if (const Result<> rolled = segments_.roll_if_old(); !rolled) {
        log::warn("events", "no new segment: {}", rolled.error().text());
    }
    std::function<Cursor()> passed;
    {
        const std::lock_guard guard(mutex_);
        passed = passed_;
    }
    if (passed)
        segments_.drop_old(passed());
}

void LogWriter::start_retention(std::function<Cursor()> passed) {
    const std::lock_guard guard(mutex_);
    passed_ = std::move(passed);
}

void LogWriter::set_failure(std::string text) {
    works_.store(text.empty(), std::memory_order_relaxed);
    const std::lock_guard guard(mutex_);
    if (text.empty() == failure_.empty())
        return;
    if (text.empty()) {
        log::info("events", "the log writes again");
    } else {
        log::error("events", "the log cannot write, will try again: {}", text);
    }
    failure_ = std::move(text);
}

void LogWriter::fill(LogStats& stats) const {
    stats.synced = synced_.load(std::memory_order_relaxed);
    stats.lost += given_up_.load(std::memory_order_relaxed);
    const std::lock_guard guard(mutex_);
    stats.failed = !failure_.empty();
    stats.failure = failure_;
}

}  // namespace tidegate::events
