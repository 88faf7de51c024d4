#include "cursor_file.h"
#include "disk.h"

#include <tidegate/base/log.h>
#include <tidegate/events/json_lines.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
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

// Where it lies, for making names durable.
std::string folder_of(const std::string& path) {
    const std::string parent = std::filesystem::path(path).parent_path().string();
    return parent.empty() ? "." : parent;
}

std::string rotated(const std::string& path, int number) {
    return fmt::format("{}.{}", path, number);
}

}  // namespace

JsonLinesSink::JsonLinesSink(JsonLinesOptions options, std::string cursor_file)
    : options_(std::move(options)),
      folder_(folder_of(options_.path)),
      cursor_file_(std::move(cursor_file)),
      file_(std::make_unique<File>()) {}

JsonLinesSink::~JsonLinesSink() = default;

Result<std::optional<Cursor>> JsonLinesSink::open() {
    file_->close();
    return load_cursor(cursor_file_);
}

Result<> JsonLinesSink::deliver(std::span<const LogRecord> records, Cursor next) {
    std::string lines;
    for (const LogRecord& record : records) {
        lines += record.json();
        lines += '\n';
    }
    if (Result<> written = lines.empty() ? Result<>() : write(lines); !written) {
        file_->close();  // opening again cuts what was written in part
        return wrap(written.error(), options_.path);
    }
    return save_cursor(cursor_file_, next);
}

Result<> JsonLinesSink::write(const std::string& lines) {
    if (file_->is_open() && was_moved())
        file_->close();
    Result<> done = file_->is_open() ? Result<>() : open_file();
    if (done && options_.rotate_bytes > 0)
        done = rotate(lines.size());
    if (done)
        done = file_->append(lines);
    if (done)
        done = file_->sync();
    return done;
}

Result<> JsonLinesSink::open_file() {
    if (Result<> made = make_directory(folder_); !made)
        return made;
    Result<File> file = File::open(options_.path, O_RDWR | O_CREAT | O_APPEND);
    if (!file)
        return file.error();
    const Result<std::uint64_t> size = file->size();
    const Result<std::uint64_t> end = end_of_lines(*file);
    if (!size || !end)
        return size ? end.error() : size.error();
    if (*end < *size) {
        log::warn("events", "cut a torn line of {} bytes off {}", *size - *end, options_.path);
        if (Result<> cut = file->truncate(*end); !cut)
            return cut;
    }
    *file_ = std::move(*file);
    return sync_directory(folder_);
}

bool JsonLinesSink::was_moved() const {
    struct stat named{};
    struct stat held{};
    if (::stat(options_.path.c_str(), &named) != 0 || ::fstat(file_->fd(), &held) != 0)
        return true;
    return named.st_ino != held.st_ino || named.st_dev != held.st_dev;
}

Result<> JsonLinesSink::rotate(std::size_t more) {
    const Result<std::uint64_t> size = file_->size();
    if (!size)
        return size.error();
    if (*size == 0 || *size + more <= options_.rotate_bytes)
        return {};
    file_->close();
    // From the oldest on, so that a crash in between leaves a gap and overwrites nothing.
    for (int number = options_.keep_files; number > 0; --number) {
        const std::string from = number == 1 ? options_.path : rotated(options_.path, number - 1);
        if (::rename(from.c_str(), rotated(options_.path, number).c_str()) != 0 && errno != ENOENT)
            return io_error("rename " + from, errno);
    }
    return open_file();
}

}  // namespace tidegate::events
