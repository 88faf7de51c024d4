#include "content_codec.h"
#include "disk.h"
#include "segment.h"

#include <tidegate/base/log.h>
#include <tidegate/events/log.h>
#include <tidegate/events/log_reader.h>

#include <filesystem>
#include <utility>

#include <fcntl.h>

namespace tidegate::events {

std::string LogRecord::json() const {
    std::string json(head);
    CallRecord read;
    if (const Result<> good = read_content(content, read); good) {
        insert_content(json, read);
    } else {
        log::error("events", "record {} is shown without its content: {}", id.to_string(),
                   good.error().message);
    }
    return json;
}

LogReader::LogReader(Log& log) : log_(log), file_(std::make_unique<File>()) {}
LogReader::~LogReader() = default;

Result<> LogReader::open_segment(std::uint64_t segment) {
    if (segment == segment_ && file_->is_open())
        return {};
    Result<File> file = File::open(log_.segment_path(segment), O_RDONLY);
    if (!file)
        return file.error();
    *file_ = std::move(*file);
    segment_ = segment;
    return {};
}

Result<> LogReader::read(Cursor& cursor, std::vector<LogRecord>& records, ReadLimits limits) {
    records.clear();
    const Cursor end = log_.synced();
    if (cursor > end) {
        log::warn("events", "a cursor at {} is beyond the log's end at {}: reading all again",
                  cursor.to_string(), end.to_string());
        cursor = {};
    }
    if (const Cursor oldest = log_.oldest(); cursor < oldest)
        cursor = oldest;
    std::size_t bytes = 0;
    while (cursor < end && records.size() < limits.records && bytes < limits.bytes) {
        const std::uint64_t readable = log_.readable_bytes(cursor.segment);
        if (cursor.offset >= readable) {
            const std::uint64_t next = log_.segment_after(cursor.segment);
            if (next == 0)
                break;
            cursor = {next, kSegmentHeader};
            continue;
        }
        if (Result<> opened = open_segment(cursor.segment); !opened) {
            if (std::filesystem::exists(log_.segment_path(cursor.segment)))
                return opened;
            // Somebody removed it: what it held cannot be counted.
            log_.report_lost(cursor, 1);
            cursor.offset = readable;
            continue;
        }
        Result<FoundGroup> found =
            read_group(*file_, {cursor.segment, cursor.offset}, readable, limits.content);
        if (!found)
            return wrap(found.error(), log_.segment_path(cursor.segment));
        if (found->state == FoundGroup::State::bad)
            log_.report_lost(cursor, found->records);
        for (LogRecord& record : found->content) {
            bytes += record.head.size() + record.content.size();
            records.push_back(std::move(record));
        }
        cursor.offset = found->next;
        newest_ = found->written;
    }
    return {};
}

Result<LogRecord> LogReader::read_at(RecordPosition position) {
    const auto [segment, offset] = position.group;
    const std::uint64_t readable = log_.readable_bytes(segment);
    if (readable == 0)
        return Error{ErrorKind::not_found, ErrorSource::gateway, "the record was dropped by retention"};
    if (Result<> opened = open_segment(segment); !opened)
        return opened.error();
    Result<FoundGroup> found = read_group(*file_, position.group, readable, true);
    if (!found)
        return wrap(found.error(), log_.segment_path(segment));
    if (found->state == FoundGroup::State::bad)
        log_.report_lost(position.group, found->records);
    if (position.ordinal >= found->content.size()) {
        return Error{ErrorKind::io, ErrorSource::gateway,
                     "the record cannot be read at " + position.group.to_string()};
    }
    return std::move(found->content[position.ordinal]);
}

}  // namespace tidegate::events
