#include "disk.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace tidegate::events {
namespace {

Result<> fail(const char* what) {
    return io_error(what, errno);
}

}  // namespace

Error io_error(std::string what, int number) {
    return Error{ErrorKind::io, ErrorSource::gateway, what + ": " + std::generic_category().message(number)};
}

File& File::operator=(File&& other) noexcept {
    close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
}

Result<File> File::open(const std::string& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (fd < 0)
        return io_error("open " + path, errno);
    return File(fd);
}

void File::close() {
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = -1;
}

Result<> File::write_at(std::string_view bytes, std::uint64_t offset) const {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail("write");
        bytes.remove_prefix(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return {};
}

Result<> File::append(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail("write");
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<std::string> File::read_at(std::uint64_t offset, std::size_t size) const {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        const ssize_t count = ::pread(fd_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return io_error("read", errno);
        if (count == 0)
            break;
        done += static_cast<std::size_t>(count);
    }
    bytes.resize(done);
    return bytes;
}

Result<std::uint64_t> File::size() const {
    struct stat status{};
    if (::fstat(fd_, &status) != 0)
        return io_error("stat", errno);
    return static_cast<std::uint64_t>(status.st_size);
}

Result<> File::truncate(std::uint64_t size) const {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0)
        return fail("truncate");
    return {};
}

Result<> File::sync() const {
    if (::fdatasync(fd_) != 0)
        return fail("fdatasync");
    return {};
}

Result<> make_directory(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error)
        return io_error("make directory " + path, error.value());
    return {};
}

Result<> sync_directory(const std::string& path) {
    Result<File> directory = File::open(path, O_RDONLY | O_DIRECTORY);
    if (!directory)
        return directory.error();
    if (::fsync(directory->fd()) != 0)
        return io_error("fsync " + path, errno);
    return {};
}

Result<> refuse_network(const std::string& directory) {
    struct Kind {
        std::uint32_t magic;
        const char* name;
    };
    // The numbers of statfs(2) and linux/magic.h.
    static constexpr std::array<Kind, 9> kNetwork = {{{0x6969, "NFS"},
                                                      {0x517b, "SMB"},
                                                      {0xff534d42, "CIFS"},
                                                      {0xfe534d42, "SMB2"},
                                                      {0x00c36400, "Ceph"},
                                                      {0x5346414f, "AFS"},
                                                      {0x73757245, "Coda"},
                                                      {0x0bd00bd0, "Lustre"},
                                                      {0x01021997, "9P"}}};
    struct statfs status{};
    if (::statfs(directory.c_str(), &status) != 0)
        return io_error("statfs " + directory, errno);
    for (const Kind& kind : kNetwork) {
        if (static_cast<std::uint32_t>(status.f_type) == kind.magic) {
            return Error{ErrorKind::conflict, ErrorSource::gateway,
                         directory + " is on a network file system (" + kind.name + "); use a local disk"};
        }
    }
    return {};
}

Result<File> lock_file(const std::string& path, std::string_view what) {
    Result<File> file = File::open(path, O_RDWR | O_CREAT);
    if (!file)
        return file;
    if (::flock(file->fd(), LOCK_EX | LOCK_NB) == 0) {
        // For the message below; of no weight otherwise.
        const std::string owner = std::to_string(::getpid()) + "\n";
        if (file->truncate(0))
            (void)file->write_at(owner, 0);
        return file;
    }
    if (errno != EWOULDBLOCK)
        return io_error("lock " + path, errno);
    const Result<std::string> read = file->read_at(0, 20);
    std::string owner = read ? *read : std::string();
    while (!owner.empty() && (owner.back() < '0' || owner.back() > '9')) owner.pop_back();
    return Error{
        ErrorKind::conflict, ErrorSource::gateway,
        std::string(what) + " is in use by another process" + (owner.empty() ? "" : " (" + owner + ")")};
}

Result<> replace_file(const std::string& path, std::string_view text) {
    const std::string next = path + ".next";
    {
        Result<File> file = File::open(next, O_WRONLY | O_CREAT | O_TRUNC);
        if (!file)
            return file.error();
        if (Result<> written = file->write_at(text, 0); !written)
            return written;
        if (Result<> synced = file->sync(); !synced)
            return synced;
    }
    if (::rename(next.c_str(), path.c_str()) != 0)
        return io_error("rename " + next, errno);
    return sync_directory(std::filesystem::path(path).parent_path().string());
}

Result<std::optional<std::string>> read_small_file(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::exists(path, error) && !error)
        return std::optional<std::string>();
    Result<File> file = File::open(path, O_RDONLY);
    if (!file)
        return file.error();
    Result<std::string> text = file->read_at(0, 64 * 1024);
    if (!text)
        return text.error();
    return std::optional<std::string>(std::move(*text));
}

}  // namespace tidegate::events
