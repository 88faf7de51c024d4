// What a watched path is now, and the folders whose events tell that it may have changed.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tidegate::config {

// Equal ones mean the same content, as far as the file system can tell. Of a folder the names in it count, but
// for hidden ones (the temporary files of editors); of a pattern the paths that match.
struct Fingerprint {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified = 0;  // nanoseconds since 1970
    std::int64_t changed = 0;   // as `modified`, also by a rename or a change of rights
    std::vector<std::string> names;

    bool operator==(const Fingerprint&) const = default;
};

// Nothing if there is no such path, behind all symbolic links.
std::optional<Fingerprint> fingerprint_of_path(const std::string& path);
Fingerprint fingerprint_of_pattern(const std::string& pattern);
// When the file or folder last changed, in nanoseconds since 1970; 0 if there is none.
std::int64_t changed_at(const std::string& path);

// Adds the folder of every symbolic link on the way to `path`, the folder of what it leads to, and that itself
// if it is a folder.
void add_folders_of_path(const std::string& path, std::set<std::string>& folders);
// The same for the folders in which files that match the pattern may appear.
void add_folders_of_pattern(const std::string& pattern, std::set<std::string>& folders);

}  // namespace tidegate::config
