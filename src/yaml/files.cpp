#include <tidegate/yaml/files.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tidegate::yaml {
namespace {

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0)
            ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const { return number_; }

  private:
    int number_;
};

Error unreadable(const std::string& path, int code) {
    const bool missing = code == ENOENT || code == ENOTDIR;
    return {.kind = missing ? ErrorKind::not_found : ErrorKind::io,
            .message = fmt::format("cannot read {}: {}", path, std::generic_category().message(code))};
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
    if (path.find('\0') != std::string::npos)
        return unreadable("a file with NUL in its name", EINVAL);
    // Not blocking: opening a pipe must not wait for a writer.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number() < 0)
        return unreadable(path, errno);
    struct stat status{};
    if (::fstat(file.number(), &status) != 0)
        return unreadable(path, errno);
    if (!S_ISREG(status.st_mode))
        return unreadable(path, S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
    std::string content;
    std::array<char, 65536> block;  // NOLINT: filled by read
    while (true) {
        const ssize_t count = ::read(file.number(), block.data(), block.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return unreadable(path, errno);
        if (count == 0)
            return content;
        content.append(block.data(), static_cast<std::size_t>(count));
        if (content.size() > max_bytes) {
            return Error{.kind = ErrorKind::too_large,
                         .message = fmt::format("{} is larger than {} bytes", path, max_bytes)};
        }
    }
}

std::string resolve(const std::string& from_file, const std::string& path) {
    return (std::filesystem::path(from_file).parent_path() / path).lexically_normal().string();
}

bool is_pattern(std::string_view path) {
    return path.find_first_of("*?[") != std::string_view::npos;
}

std::vector<std::string> expand_pattern(const std::string& pattern) {
    glob_t found{};
    std::vector<std::string> paths;
    if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
        paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    }
    ::globfree(&found);
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace tidegate::yaml
