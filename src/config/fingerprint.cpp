#include "config/fingerprint.h"

#include <algorithm>
#include <filesystem>

#include <glob.h>
#include <sys/stat.h>

namespace tidegate::config {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

std::vector<std::string> visible_names(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::string name = entry->path().filename().string();
        if (!name.starts_with('.'))
            names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> matches(const std::string& pattern) {
    glob_t found{};
    std::vector<std::string> paths;
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
        paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    return paths;
}

fs::path absolute(const std::string& path) {
    std::error_code error;
    return fs::absolute(path, error).lexically_normal();
}

// Replaces the first symbolic link on the way by what it says; the folder of the link is added.
std::optional<fs::path> follow_first_link(const fs::path& path, std::set<std::string>& folders) {
    fs::path prefix;
    for (auto part = path.begin(); part != path.end(); ++part) {
        prefix /= *part;
        std::error_code error;
        if (!fs::is_symlink(prefix, error))
            continue;
        folders.insert(prefix.parent_path().string());
        fs::path target = prefix.parent_path() / fs::read_symlink(prefix, error);
        for (++part; part != path.end(); ++part) target /= *part;
        return target.lexically_normal();
    }
    return std::nullopt;
}

}  // namespace

std::optional<Fingerprint> fingerprint_of_path(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0)
        return std::nullopt;
    Fingerprint fingerprint;
    fingerprint.device = info.st_dev;
    fingerprint.inode = info.st_ino;
    if (S_ISDIR(info.st_mode)) {
        fingerprint.names = visible_names(path);
    } else {
        fingerprint.size = info.st_size;
        fingerprint.modified = nanoseconds(info.st_mtim);
        fingerprint.changed = nanoseconds(info.st_ctim);
    }
    return fingerprint;
}

Fingerprint fingerprint_of_pattern(const std::string& pattern) {
    Fingerprint fingerprint;
    fingerprint.names = matches(pattern);
    return fingerprint;
}

std::int64_t changed_at(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 ? nanoseconds(info.st_ctim) : 0;
}

void add_folders_of_path(const std::string& path, std::set<std::string>& folders) {
    fs::path current = absolute(path);
    for (int links = 0; links < kMostLinks; ++links) {
        auto next = follow_first_link(current, folders);
        if (!next)
            break;
        current = std::move(*next);
    }
    folders.insert(current.parent_path().string());
    std::error_code error;
    if (fs::is_directory(current, error))
        folders.insert(current.string());
}

void add_folders_of_pattern(const std::string& pattern, std::set<std::string>& folders) {
    for (fs::path above = absolute(pattern).parent_path(); above != above.root_path();
         above = above.parent_path()) {
        const bool is_pattern = above.string().find_first_of("*?[") != std::string::npos;
        if (!is_pattern)
            return add_folders_of_path(above.string(), folders);
        for (const std::string& folder : matches(above.string())) add_folders_of_path(folder, folders);
    }
}

}  // namespace tidegate::config
