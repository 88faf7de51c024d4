#include "log_writer.h"

#include <tidegate/base/log.h>

#include <pthread.h>

namespace tidegate::events {
namespace {

constexpr Duration kHousekeeping = std::chrono::seconds{1};

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
    while (queue_.take(entries, kHousekeeping)) {
        write(entries);
        entries.clear();
        housekeep();
    }
}

void LogWriter::write(std::span<LogQueue::Entry> entries) {
    while (!entries.empty()) {
        const std::span<LogQueue::Entry> group = entries.first(build(entries));
        entries = entries.subspan(group.size());
        const bool durable = store(builder_.finish());
        (durable ? synced_ : given_up_).fetch_add(group.size(), std::memory_order_relaxed);
        std::size_t bytes = 0;
        for (const LogQueue::Entry& entry : group) bytes += entry.bytes;
        queue_.finished(group.size(), bytes);
        for (LogQueue::Entry& entry : group) {
            if (entry.on_durable)
                std::exchange(entry.on_durable, nullptr)(durable);
        }
    }
}

std::size_t LogWriter::build(std::span<LogQueue::Entry> entries) {
    std::size_t count = 0;
    while (count < entries.size() && builder_.size() < options_.group_bytes) {
        LogQueue::Entry& entry = entries[count++];
        std::string& out = builder_.begin(entry.record->id);
        const std::size_t begin = out.size();
        std::size_t head = append_encoded(out, *entry.record, options_.content);
        // Only control characters, six bytes each, make a record this long.
        if (builder_.record_size() > kMaxGroup / 2) {
            out.resize(begin);
            head = append_encoded(out, *entry.record, false);
        }
        builder_.end(head);
        entry.record.reset();
    }
    return count;
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
