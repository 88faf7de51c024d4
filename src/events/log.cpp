#include "log_queue.h"
#include "log_writer.h"
#include "segments.h"

#include <tidegate/events/log.h>

#include <utility>

namespace tidegate::events {

Log::Log(LogOptions options, std::unique_ptr<Segments> segments)
    : options_(std::move(options)),
      segments_(std::move(segments)),
      queue_(std::make_unique<LogQueue>(options_)),
      writer_(std::make_unique<LogWriter>(options_, *queue_, *segments_)) {}

Result<std::unique_ptr<Log>> Log::open(LogOptions options, const Clock& clock) {
    Result<std::unique_ptr<Segments>> segments = Segments::open(options, clock);
    if (!segments)
        return segments.error();
    return std::unique_ptr<Log>(new Log(std::move(options), std::move(*segments)));
}

Log::~Log() {
    close();
}

bool Log::has_room() const {
    return queue_->has_room();
}

bool Log::works() const {
    return writer_->works();
}

bool Log::has_ample_room() const {
    return queue_->has_room(2);
}

bool Log::append(RecordPointer record, std::function<void(bool durable)> on_durable) {
    const std::size_t bytes = memory_of(*record);
    return queue_->push({std::move(record), std::move(on_durable), bytes});
}

void Log::close(Duration patience) {
    queue_->close(std::chrono::steady_clock::now() + patience);
    writer_->join();
}

Cursor Log::synced() const {
    return segments_->synced();
}
Cursor Log::wait_synced(Cursor beyond, Duration timeout) const {
    return segments_->wait_synced(beyond, timeout);
}
void Log::interrupt_waiters() {
    segments_->interrupt_waiters();
}
Cursor Log::oldest() const {
    return segments_->oldest();
}
void Log::start_retention(std::function<Cursor()> passed) {
    writer_->start_retention(std::move(passed));
}
void Log::apply_retention(Cursor passed) {
    segments_->drop_old(passed);
}
std::string Log::segment_path(std::uint64_t segment) const {
    return segments_->path(segment);
}
std::uint64_t Log::readable_bytes(std::uint64_t segment) const {
    return segments_->readable_bytes(segment);
}
std::uint64_t Log::segment_after(std::uint64_t segment) const {
    return segments_->after(segment);
}
void Log::report_lost(Cursor group, std::uint64_t records) {
    segments_->report_lost(group, records);
}
const LogOptions& Log::options() const {
    return options_;
}

LogStats Log::stats() const {
    LogStats stats;
    queue_->fill(stats);
    writer_->fill(stats);
    segments_->fill(stats);
    return stats;
}

}  // namespace tidegate::events
