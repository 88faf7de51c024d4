#include "disk.h"
#include "index_file.h"

#include <tidegate/base/log.h>
#include <tidegate/events/index.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include <unistd.h>

namespace tidegate::events {
namespace {

// Older months are opened when needed and closed again.
constexpr std::size_t kOpenMonths = 2;

constexpr const char* kJournals[] = {"", "-wal", "-shm"};

void remove_database(const std::string& path) {
    for (const char* suffix : kJournals) ::unlink((path + suffix).c_str());
}

}  // namespace

// The files that are open for writing, by month.
class IndexSink::Files {
  public:
    Files(std::string directory, std::function<std::uint64_t()> oldest_segment)
        : directory_(std::move(directory)), oldest_segment_(std::move(oldest_segment)) {}

    Result<std::optional<Cursor>> open();
    Result<> deliver(std::span<const LogRecord> records, Cursor next);
    Result<> rebuild();

  private:
    using Month = std::string;
    struct Row {
        CallRecord record;
        RecordPosition position;
    };

    Result<IndexFile*> file(const Month& month);
    Result<> write(const Month& month, const std::vector<Row>& rows, const Cursor* next);
    // The marker that a query leaves when SQLite calls a file damaged.
    void take_reports();
    Result<> set_aside(const Month& month);
    void drop_months_without_log();

    std::string directory_;
    std::function<std::uint64_t()> oldest_segment_;
    std::map<Month, IndexFile> files_;
    std::uint64_t dropped_before_ = 0;
};

Result<IndexFile*> IndexSink::Files::file(const Month& month) {
    const auto found = files_.find(month);
    if (found != files_.end())
        return &found->second;
    Result<IndexFile> opened = IndexFile::open(index_path(directory_, month));
    if (!opened) {
        if (is_damage(opened.error()))
            (void)set_aside(month);
        return opened.error();
    }
    return &files_.emplace(month, std::move(*opened)).first->second;
}

Result<std::optional<Cursor>> IndexSink::Files::open() {
    files_.clear();
    if (Result<> made = make_directory(directory_); !made)
        return made.error();
    take_reports();
    std::optional<Cursor> newest;
    for (const Month& month : months_in(directory_)) {
        Result<IndexFile*> opened = file(month);
        if (!opened)
            return opened.error();
        Result<std::optional<Cursor>> cursor = (*opened)->cursor();
        if (!cursor) {
            if (is_damage(cursor.error()))
                (void)set_aside(month);
            return cursor.error();
        }
        newest = std::max(newest, *cursor);
        if (files_.size() > kOpenMonths)
            files_.erase(files_.begin());
    }
    return newest;
}

Result<> IndexSink::Files::deliver(std::span<const LogRecord> records, Cursor next) {
    if (::access((directory_ + "/damaged").c_str(), F_OK) == 0) {
        return Error{ErrorKind::malformed, ErrorSource::gateway, "a file of the index is damaged"};
    }
    std::map<Month, std::vector<Row>> by_month;
    for (const LogRecord& record : records) {
        Result<CallRecord> parsed = decode(record.head);
        if (!parsed) {
            log::error("events", "record {} cannot be indexed: {}", record.id.to_string(),
                       parsed.error().text());
            continue;
        }
        parsed->id = record.id;
        by_month[month_of(record.id)].push_back({std::move(*parsed), record.position});
    }
    if (by_month.empty()) {
        const std::vector<Month> months = months_in(directory_);
        if (months.empty())
            return {};
        by_month[months.back()];
    }
    // The cursor lies in the newest file of the batch, which is committed last: what it says is on disk in all.
    for (const auto& [month, rows] : by_month) {
        const bool last = month == by_month.rbegin()->first;
        if (Result<> written = write(month, rows, last ? &next : nullptr); !written)
            return written;
    }
    while (files_.size() > kOpenMonths) files_.erase(files_.begin());
    drop_months_without_log();
    return {};
}

Result<> IndexSink::Files::write(const Month& month, const std::vector<Row>& rows, const Cursor* next) {
    Result<IndexFile*> opened = file(month);
    if (!opened)
        return opened.error();
    IndexFile& index = **opened;
    Result<> done = index.begin();
    for (const Row& row : rows) {
        if (done)
            done = index.insert(row.record, row.position);
    }
    if (done && next != nullptr)
        done = index.set_cursor(*next);
    if (done)
        done = index.commit();
    if (done)
        return {};
    index.rollback();
    if (is_damage(done.error()))
        (void)set_aside(month);
    return done;
}

Result<> IndexSink::Files::set_aside(const Month& month) {
    const std::string path = index_path(directory_, month);
    files_.clear();
    // First the cursors, so that everything is read again even if this is cut short.
    for (const Month& other : months_in(directory_)) {
        if (other == month)
            continue;
        Result<IndexFile> opened = IndexFile::open(index_path(directory_, other));
        if (!opened || !opened->set_cursor({})) {
            remove_database(index_path(directory_, other));
            log::warn("events", "the index of {} cannot be used either and will be built again", other);
        }
    }
    for (const char* suffix : kJournals) {
        std::error_code ignored;
        std::filesystem::rename(path + suffix, path + ".damaged" + suffix, ignored);
    }
    log::error("events", "{} is damaged: moved aside to {}.damaged, building it again from the log", path,
               path);
    return sync_directory(directory_);
}

void IndexSink::Files::take_reports() {
    const std::string marker = directory_ + "/damaged";
    const Result<std::optional<std::string>> read = read_small_file(marker);
    if (!read)
        return;
    const std::optional<std::string>& month = *read;
    if (!month)
        return;
    if (std::filesystem::exists(index_path(directory_, *month)))
        (void)set_aside(*month);
    ::unlink(marker.c_str());
}

void IndexSink::Files::drop_months_without_log() {
    if (!oldest_segment_)
        return;
    const std::uint64_t oldest = oldest_segment_();
    if (oldest <= dropped_before_)
        return;
    dropped_before_ = oldest;
    std::vector<Month> months = months_in(directory_);
    while (months.size() > kOpenMonths) {
        const Month month = months.front();
        months.erase(months.begin());
        Result<IndexFile*> opened = file(month);
        const Result<std::uint64_t> newest =
            opened ? (*opened)->newest_segment() : Result<std::uint64_t>(opened.error());
        files_.erase(month);
        if (!newest || *newest >= oldest)
            break;
        remove_database(index_path(directory_, month));
    }
}

Result<> IndexSink::Files::rebuild() {
    files_.clear();
    for (const Month& month : months_in(directory_)) remove_database(index_path(directory_, month));
    return {};
}

IndexSink::IndexSink(std::string directory, std::function<std::uint64_t()> oldest_segment)
    : files_(std::make_unique<Files>(std::move(directory), std::move(oldest_segment))) {}

IndexSink::~IndexSink() = default;

Result<std::optional<Cursor>> IndexSink::open() {
    return files_->open();
}

Result<> IndexSink::deliver(std::span<const LogRecord> records, Cursor next) {
    return files_->deliver(records, next);
}

Result<> IndexSink::rebuild() {
    return files_->rebuild();
}

}  // namespace tidegate::events
