// A configuration file with what it includes, read into one tree.
//
// Stricter than YAML: one document a file, string keys, no key twice, no merge key `<<`, no tags, bounded size,
// depth and aliases. Everything refused is a problem with its place; no input crashes or throws.
#pragma once

#include <tidegate/yaml/cursor.h>
#include <tidegate/yaml/problems.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::yaml {

class Tree;

struct LoadOptions {
    // The value of an environment variable; nothing if it is not set. Default: the process's environment.
    std::function<std::optional<std::string>(const std::string& name)> environment;
    std::size_t max_file_bytes = 16U << 20U;  // of each file, `${file:}` included
    std::size_t max_files = 1000;             // with all includes
    std::size_t max_depth = 64;               // levels of maps and lists
    std::size_t max_nodes = 100'000;          // after the expansion of aliases, over all files
    bool includes = true;                     // follow the top-level `include`
    bool substitutions = true;                // replace `${…}` in scalars
};

// Owns the tree that cursors point into: keep it (and the Problems) alive while cursors are used. One thread.
class Document {
  public:
    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;
    ~Document();

    // The top-level map. Absent if nothing could be read.
    Cursor root() const;

    // False if a file could not be read or is not YAML at all, so that complaints about missing keys would
    // mislead.
    bool complete() const;

    // Every file that was read, as opened (not resolved through symbolic links), without repetition: the file
    // itself, includes, `${file:}`, and whatever was added. For the watcher.
    const std::vector<std::string>& files() const;
    void add_file(std::string path);

    // The folders and patterns of `include`, where new files may appear ("conf/features/*.yaml").
    const std::vector<std::string>& include_patterns() const;

  private:
    friend Document load(const std::string&, Problems&, LoadOptions);
    friend Document parse(std::string, std::string_view, Problems&, LoadOptions);
    explicit Document(std::unique_ptr<Tree> tree);

    std::unique_ptr<Tree> tree_;
};

// Reads `path`, then the files of its `include: [paths or patterns, relative to the file]`, merged into one
// tree: maps are joined, a scalar, a list or an equal named entry in two files is a problem at the second. In
// scalars `${NAME}` becomes an environment variable and `${file:/path}` the content of a file (relative to the
// file it stands in, without trailing line ends); a missing one is a problem; `$${` is a literal `${`. Values
// so made are secret (Cursor::is_secret).
Document load(const std::string& path, Problems& problems, LoadOptions options = {});

// The same for `content` in memory, as if it stood in `file`.
Document parse(std::string file, std::string_view content, Problems& problems, LoadOptions options = {});

}  // namespace tidegate::yaml
