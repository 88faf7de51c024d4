#include "segments.h"

#include <tidegate/base/log.h>

#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tidegate::events {
namespace {

WallTime modified(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0)
        return {};
    return WallTime{std::chrono::seconds{status.st_mtim.tv_sec} +
                    std::chrono::nanoseconds{status.st_mtim.tv_nsec}};
}

// Age is told by the file's time, also after a restart.
void set_modified(const File& file, WallTime time) {
    const auto nanoseconds = time.time_since_epoch().count();
    const timespec at{static_cast<time_t>(nanoseconds / 1'000'000'000),
                      static_cast<long>(nanoseconds % 1'000'000'000)};
    const timespec times[2] = {at, at};
    (void)::futimens(file.fd(), times);
}

// A damaged header says nothing, and is not needed to read what follows.
Result<> refuse_other_version(const std::string& path) {
    const Result<File> file = File::open(path, O_RDONLY);
    if (!file)
        return file.error();
    const Result<std::string> header = file->read_at(0, kSegmentHeader);
    if (!header)
        return wrap(header.error(), path);
    const auto version = segment_version(*header);
    if (!version || *version == kSegmentVersion)
        return {};
    return Error{ErrorKind::invalid_input, ErrorSource::gateway,
                 fmt::format("{} was written in version {} of the log's format, this program has version {}: "
                             "move records.directory away, or run the program that wrote it",
                             path, *version, kSegmentVersion)};
}

}  // namespace

Result<std::unique_ptr<Segments>> Segments::open(const LogOptions& options, const Clock& clock) {
    std::unique_ptr<Segments> segments(new Segments(options, clock));
    const std::string& directory = options.directory;
    if (Result<> made = make_directory(directory); !made)
        return made.error();
    if (Result<> local = refuse_network(directory); !local)
        return local.error();
    Result<File> lock = lock_file(directory + "/lock", "records.directory " + directory);
    if (!lock)
        return lock.error();
    segments->lock_ = std::move(*lock);
    if (Result<> listed = segments->list(); !listed)
        return listed.error();
    if (Result<> recovered = segments->recover_last(); !recovered)
        return recovered.error();
    if (Result<> begun = segments->begin_segment(); !begun)
        return begun.error();
    return segments;
}

Result<> Segments::list() {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory, error)) {
        const std::optional<std::uint64_t> number = parse_segment_name(entry.path().filename().string());
        if (!number || *number == 0)
            continue;
        const std::uintmax_t size = entry.file_size(error);
        if (error)
            break;
        if (Result<> known = refuse_other_version(entry.path().string()); !known)
            return known;
        segments_[*number] = {size, modified(entry.path().string())};
        last_number_ = std::max(last_number_, *number);
    }
    if (error)
        return io_error("list " + options_.directory, error.value());
    return {};
}

Result<> Segments::recover_last() {
    if (segments_.empty())
        return {};
    const std::uint64_t number = segments_.rbegin()->first;
    Result<File> file = File::open(path(number), O_RDWR);
    if (!file)
        return file.error();
    Result<Recovered> recovered = recover_segment(*file, number);
    if (!recovered)
        return wrap(recovered.error(), path(number));
    for (const FoundGroup& lost : recovered->lost) report_lost({number, lost.offset}, lost.records);
    if (recovered->groups == 0) {
        if (::unlink(path(number).c_str()) != 0)
            return io_error("remove " + path(number), errno);
        segments_.erase(number);
        return {};
    }
    Segment& last = segments_[number];
    if (recovered->end == last.bytes)
        return {};
    log::warn("events", "cut a torn tail of {} bytes off {}", last.bytes - recovered->end, path(number));
    last.bytes = recovered->end;
    if (Result<> cut = file->truncate(last.bytes); !cut)
        return wrap(cut.error(), path(number));
    set_modified(*file, last.newest);
    if (Result<> synced = file->sync(); !synced)
        return wrap(synced.error(), path(number));
    return {};
}

Result<> Segments::begin_segment() {
    const std::uint64_t number = ++last_number_;  // never used again, even if this fails
    const std::string name = path(number);
    Result<File> file = File::open(name, O_RDWR | O_CREAT | O_EXCL);
    if (!file)
        return file.error();
    const WallTime now = clock_.wall();
    Result<> ready = file->write_at(segment_header(number, now), 0);
    if (ready)
        ready = file->sync();
    if (ready)
        ready = sync_directory(options_.directory);
    if (!ready) {
        ::unlink(name.c_str());
        return wrap(ready.error(), name);
    }
    seal_current();
    current_ = std::move(*file);
    current_number_ = number;
    current_began_ = now;
    const std::lock_guard guard(mutex_);
    segments_[number] = {kSegmentHeader, now};
    synced_ = {number, kSegmentHeader};
    return {};
}

void Segments::seal_current() {
    if (!current_.is_open())
        return;
    const std::lock_guard guard(mutex_);
    set_modified(current_, segments_[current_number_].newest);
    current_.close();
}

Result<> Segments::append(const GroupBuilder::Group& group) {
    const std::uint64_t length = kGroupHeader + group.payload().size();
    const std::uint64_t used = readable_bytes(current_number_);
    const bool full = used > kSegmentHeader && used + length > options_.segment_bytes;
    if (!current_.is_open() || full) {
        if (Result<> begun = begin_segment(); !begun)
            return begun;
    }
    Result<> written = write_group(group);
    if (!written)
        abandon_current();
    return written;
}

Result<> Segments::write_group(const GroupBuilder::Group& group) {
    const WallTime now = clock_.wall();
    const std::uint64_t offset = readable_bytes(current_number_);
    const std::string header = group_header(group, offset, now);
    Result<> done = current_.write_at(header, offset);
    if (done)
        done = current_.write_at(group.payload(), offset + header.size());
    if (done)
        done = current_.sync();
    if (!done)
        return wrap(done.error(), path(current_number_));
    const std::lock_guard guard(mutex_);
    const std::uint64_t end = offset + header.size() + group.payload().size();
    segments_[current_number_] = {end, now};
    synced_ = {current_number_, end};
    progress_.notify_all();
    return {};
}

void Segments::abandon_current() {
    const std::lock_guard guard(mutex_);
    const std::uint64_t end = segments_[current_number_].bytes;
    if (end <= kSegmentHeader) {
        ::unlink(path(current_number_).c_str());
        segments_.erase(current_number_);
    } else if (Result<> cut = current_.truncate(end); !cut) {
        log::warn("events", "cannot cut {} back: {}", path(current_number_), cut.error().text());
    }
    current_.close();
}

Result<> Segments::roll_if_old() {
    const bool old = clock_.wall() - current_began_ > options_.segment_age;
    if (!current_.is_open() || !old || readable_bytes(current_number_) <= kSegmentHeader)
        return {};
    return begin_segment();
}

void Segments::drop_old(Cursor passed) {
    const std::lock_guard guard(mutex_);
    const WallTime now = clock_.wall();
    std::uint64_t total = total_bytes();
    bool held = false;
    while (segments_.size() > 1) {
        const auto& [number, segment] = *segments_.begin();
        const bool due = now - segment.newest > options_.keep || total > options_.keep_bytes;
        if (!due || number >= synced_.segment)
            break;
        held = passed < Cursor{number, segment.bytes};
        if (held)
            break;
        if (::unlink(path(number).c_str()) != 0 && errno != ENOENT) {
            log::warn("events", "cannot remove {}: {}", path(number), io_error("unlink", errno).message);
            break;
        }
        total -= segment.bytes;
        segments_.erase(segments_.begin());
    }
    const std::uint64_t beyond = held && total > options_.keep_bytes ? total - options_.keep_bytes : 0;
    if (beyond > 0 && held_back_ == 0) {
        log::warn("events", "{} holds {} bytes beyond records.keep_bytes: a sink has yet to read them",
                  options_.directory, beyond);
    }
    held_back_ = beyond;
}

std::uint64_t Segments::total_bytes() const {
    std::uint64_t total = 0;
    for (const auto& [number, segment] : segments_) total += segment.bytes;
    return total;
}

Cursor Segments::synced() const {
    const std::lock_guard guard(mutex_);
    return synced_;
}

Cursor Segments::wait_synced(Cursor beyond, Duration timeout) const {
    std::unique_lock guard(mutex_);
    progress_.wait_for(guard, timeout, [&] { return interrupted_ || synced_ > beyond; });
    return synced_;
}

void Segments::interrupt_waiters() {
    const std::lock_guard guard(mutex_);
    interrupted_ = true;
    progress_.notify_all();
}

Cursor Segments::oldest() const {
    const std::lock_guard guard(mutex_);
    return segments_.empty() ? synced_ : Cursor{segments_.begin()->first, kSegmentHeader};
}

std::string Segments::path(std::uint64_t segment) const {
    return options_.directory + "/" + segment_name(segment);
}

std::uint64_t Segments::readable_bytes(std::uint64_t segment) const {
    const std::lock_guard guard(mutex_);
    const auto found = segments_.find(segment);
    return found == segments_.end() ? 0 : found->second.bytes;
}

std::uint64_t Segments::after(std::uint64_t segment) const {
    const std::lock_guard guard(mutex_);
    const auto found = segments_.upper_bound(segment);
    return found == segments_.end() ? 0 : found->first;
}

void Segments::report_lost(Cursor group, std::uint64_t records) {
    const std::lock_guard guard(mutex_);
    if (!lost_places_.insert(group).second)
        return;
    lost_ += records;
    log::error("events", "{} cannot be read at byte {}: {} record(s) lost", path(group.segment), group.offset,
               records);
}

void Segments::fill(LogStats& stats) const {
    const std::lock_guard guard(mutex_);
    stats.bytes = total_bytes();
    stats.segments = segments_.size();
    stats.lost += lost_;
    stats.held_back = held_back_;
}

}  // namespace tidegate::events
