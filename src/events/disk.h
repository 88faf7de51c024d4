// Files, with errors as values.
#pragma once

#include <tidegate/base/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tidegate::events {

// Owns a file descriptor.
class File {
  public:
    File() = default;
    explicit File(int fd) : fd_(fd) {}
    ~File() { close(); }
    File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    File& operator=(File&& other) noexcept;

    // `flags` as of open(2); files are made with mode 0600.
    static Result<File> open(const std::string& path, int flags);

    bool is_open() const { return fd_ >= 0; }
    int fd() const { return fd_; }
    void close();

    Result<> write_at(std::string_view bytes, std::uint64_t offset) const;
    Result<> append(std::string_view bytes) const;
    // At most `size` bytes; less at the end of the file.
    Result<std::string> read_at(std::uint64_t offset, std::size_t size) const;
    Result<std::uint64_t> size() const;
    Result<> truncate(std::uint64_t size) const;
    // Data and size, not times.
    Result<> sync() const;

  private:
    int fd_ = -1;
};

// An I/O error of `what` ("open data/calls/lock"), with errno's text.
Error io_error(std::string what, int number);

// Makes a directory and those above it.
Result<> make_directory(const std::string& path);
// Makes new names in it durable.
Result<> sync_directory(const std::string& path);
// Refuses network file systems, which keep neither locks nor the order of writes.
Result<> refuse_network(const std::string& directory);
// Takes the lock file for as long as the result lives. `what` names the directory in the message.
Result<File> lock_file(const std::string& path, std::string_view what);
// Replaces a small file whole, durably: a reader finds the old or the new text.
Result<> replace_file(const std::string& path, std::string_view text);
// The text of a small file; nothing if it does not exist.
Result<std::optional<std::string>> read_small_file(const std::string& path);

}  // namespace tidegate::events
