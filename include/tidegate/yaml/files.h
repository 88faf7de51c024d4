// Files as the loader sees them.
#pragma once

#include <tidegate/base/result.h>

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::yaml {

// The content of a regular file (or of a link to one) of at most `max_bytes`; the error's message names it.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

// `path`, if relative, in the folder of `from_file`.
std::string resolve(const std::string& from_file, const std::string& path);

bool is_pattern(std::string_view path);
// What matches the shell pattern, sorted by bytes.
std::vector<std::string> expand_pattern(const std::string& pattern);

}  // namespace tidegate::yaml
