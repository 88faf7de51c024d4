#include "cursor_file.h"
#include "disk.h"

#include <tidegate/base/log.h>
#include <tidegate/events/json_lines.h>

#include <algorithm>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>

namespace tidegate::events {
namespace {

constexpr std::uint64_t kBlock = 64 * 1024;

// Where the last whole line ends.
Result<std::uint64_t> end_of_lines(const File& file) {
    const Result<std::uint64_t> size = file.size();
    if (!size)
        return size;
    std::uint64_t end = *size;
    while (end > 0) {
        const std::uint64_t begin = end - std::min(end, kBlock);
        const Result<std::string> block = file.read_at(begin, end - begin);
        if (!block)
            return block.error();
        const std::size_t newline = block->rfind('\n');
        if (newline != std::string::npos)
            return begin + newline + 1;
        end = begin;
    }
    return 0;
}

}  // namespace

JsonLinesSink::JsonLinesSink(std::string name, std::string path, std::string cursor_file)
    : name_(std::move(name)),
      path_(std::move(path)),
      cursor_file_(std::move(cursor_file)),
      file_(std::make_unique<File>()) {}

JsonLinesSink::~JsonLinesSink() = default;

Result<std::optional<Cursor>> JsonLinesSink::open() {
    file_->close();
    return load_cursor(cursor_file_);
}

Result<> JsonLinesSink::open_file() {
    const std::string parent = std::filesystem::path(path_).parent_path().string();
    if (Result<> made = make_directory(parent.empty() ? "." : parent); !made)
        return made;
    Result<File> file = File::open(path_, O_RDWR | O_CREAT | O_APPEND);
    if (!file)
        return file.error();
    const Result<std::uint64_t> size = file->size();
    const Result<std::uint64_t> end = end_of_lines(*file);
    if (!size || !end)
        return wrap(size ? end.error() : size.error(), path_);
    if (*end < *size) {
        log::warn("events", "cut a torn line of {} bytes off {}", *size - *end, path_);
        if (Result<> cut = file->truncate(*end); !cut)
            return wrap(cut.error(), path_);
    }
    *file_ = std::move(*file);
    return sync_directory(parent.empty() ? "." : parent);
}

bool JsonLinesSink::was_moved() const {
    struct stat named{};
    struct stat held{};
    if (::stat(path_.c_str(), &named) != 0 || ::fstat(file_->fd(), &held) != 0)
        return true;
    return named.st_ino != held.st_ino || named.st_dev != held.st_dev;
}

Result<> JsonLinesSink::deliver(std::span<const LogRecord> records, Cursor next) {
    if (records.empty())
        return save_cursor(cursor_file_, next);
    if (file_->is_open() && was_moved())
        file_->close();
    if (!file_->is_open()) {
        if (Result<> opened = open_file(); !opened)
            return opened;
    }
    std::string lines;
    for (const LogRecord& record : records) {
        lines += record.json;
        lines += '\n';
    }
    Result<> done = file_->append(lines);
    if (done)
        done = file_->sync();
    if (!done) {
        file_->close();  // opening again cuts what was written in part
        return wrap(done.error(), path_);
    }
    return save_cursor(cursor_file_, next);
}

}  // namespace tidegate::events
