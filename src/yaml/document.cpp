#include "yaml/builder.h"
#include "yaml/node.h"

#include <tidegate/yaml/document.h>
#include <tidegate/yaml/files.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

namespace tidegate::yaml {
namespace {

// Identity of a file whatever its spelling, for cycles and repetitions.
std::string identity(const std::string& path) {
    std::error_code ignored;
    std::filesystem::path canonical = std::filesystem::weakly_canonical(path, ignored);
    return ignored ? path : canonical.string();
}

void adopt(Node& parent, std::unique_ptr<Node> child) {
    child->parent = &parent;
    parent.children.push_back(std::move(child));
}

// Reads a file and what it includes into the tree.
class Loader {
  public:
    explicit Loader(Tree& tree) : tree_(tree) {}

    // `by` is the entry that includes it, null for the first file.
    void load_file(const std::string& path, const Node* by) {
        const std::string id = identity(path);
        if (std::find(open_.begin(), open_.end(), id) != open_.end()) {
            return report(by, path, fmt::format("{} includes itself", path));
        }
        if (!seen_.insert(id).second)
            return;
        if (seen_.size() > tree_.options.max_files) {
            return report(by, path, fmt::format("more than {} files are included", tree_.options.max_files));
        }
        tree_.add_file(path);
        const Result<std::string> content = read_file(path, tree_.options.max_file_bytes);
        if (!content) {
            tree_.complete = false;
            return report(by, path, content.error().message);
        }
        open_.push_back(id);
        load_text(path, *content);
        open_.pop_back();
    }

    void load_text(const std::string& file, std::string_view content) {
        const auto index = static_cast<std::uint32_t>(tree_.sources.size());
        tree_.sources.push_back(file);
        if (content.size() > tree_.options.max_file_bytes) {
            tree_.problems.add({file, 0, 0},
                               fmt::format("is larger than {} bytes", tree_.options.max_file_bytes));
            tree_.complete = false;
            return;
        }
        std::unique_ptr<Node> root = build(tree_, index, content);
        if (!root)
            return;
        if (root->kind != Node::Kind::map) {
            tree_.problems.add(tree_.location(index, root->position), "the file must hold a map");
            tree_.complete = false;
            return;
        }
        std::unique_ptr<Node> include = tree_.options.includes ? take_include(*root) : nullptr;
        if (tree_.root) {
            merge(*root);
        } else {
            tree_.root = std::move(root);
        }
        if (include)
            follow(*include, file);
    }

  private:
    void report(const Node* by, const std::string& path, std::string message) {
        tree_.problems.add(by != nullptr ? tree_.location(by->file, by->position) : Location{path, 0, 0},
                           std::move(message));
    }

    static std::unique_ptr<Node> take_include(Node& root) {
        const auto found = std::find_if(root.children.begin(), root.children.end(),
                                        [](const auto& child) { return child->name == "include"; });
        if (found == root.children.end())
            return nullptr;
        std::unique_ptr<Node> include = std::move(*found);
        root.children.erase(found);
        return include;
    }

    void follow(const Node& include, const std::string& file) {
        if (include.kind != Node::Kind::list)
            return report(&include, file, "include: must be a list of files");
        for (const auto& item : include.children) {
            if (item->kind != Node::Kind::scalar || item->value.empty()) {
                report(item.get(), file, "include: must name a file or a pattern such as features/*.yaml");
                continue;
            }
            const std::string path = resolve(file, item->value);
            if (!is_pattern(item->value)) {
                load_file(path, item.get());
                continue;
            }
            tree_.include_patterns.push_back(path);
            const std::vector<std::string> paths = expand_pattern(path);
            if (paths.empty()) {
                tree_.problems.warn(tree_.location(item->file, item->position),
                                    fmt::format("include: no file matches {}", path));
            }
            for (const std::string& match : paths) {
                if (identity(match) != open_.back())
                    load_file(match, item.get());
            }
        }
    }

    // Joins top-level maps; below them, and for anything else, a second writing is a problem.
    void merge(Node& from) {
        for (auto& child : from.children) {
            Node* existing = tree_.root->find(child->name);
            if (existing == nullptr) {
                adopt(*tree_.root, std::move(child));
            } else if (existing->kind != Node::Kind::map || child->kind != Node::Kind::map) {
                report_second(*existing, *child, child->name);
                tree_.discarded.push_back(std::move(child));
            } else {
                merge_section(*existing, *child);
            }
        }
    }

    void merge_section(Node& section, Node& from) {
        std::unordered_map<std::string_view, const Node*> names;
        for (const auto& entry : section.children) names.emplace(entry->name, entry.get());
        for (auto& entry : from.children) {
            if (const auto existing = names.find(entry->name); existing != names.end()) {
                report_second(*existing->second, *entry, section.name + '.' + entry->name);
                tree_.discarded.push_back(std::move(entry));
            } else {
                adopt(section, std::move(entry));
            }
        }
    }

    void report_second(const Node& first, const Node& second, const std::string& path) {
        tree_.problems.add(
            tree_.location(second.file, second.key),
            fmt::format("{}: is already written at {}", path, tree_.location(first.file, first.key).text()));
    }

    Tree& tree_;
    std::vector<std::string> open_;  // from the first file to the one being read
    std::set<std::string> seen_;
};

void complete_options(LoadOptions& options) {
    if (options.environment)
        return;
    options.environment = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr)
            return std::nullopt;
        return value;
    };
}

}  // namespace

void Tree::add_file(std::string path) {
    if (known_files.insert(path).second)
        files.push_back(std::move(path));
}

Document::Document(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Cursor Document::root() const {
    return {tree_.get(), tree_->root.get(), tree_->root.get(), {}};
}
bool Document::complete() const {
    return tree_->complete;
}
const std::vector<std::string>& Document::files() const {
    return tree_->files;
}
void Document::add_file(std::string path) {
    tree_->add_file(std::move(path));
}
const std::vector<std::string>& Document::include_patterns() const {
    return tree_->include_patterns;
}

Document load(const std::string& path, Problems& problems, LoadOptions options) {
    complete_options(options);
    auto tree = std::make_unique<Tree>(problems, std::move(options));
    Loader{*tree}.load_file(path, nullptr);
    return Document{std::move(tree)};
}

Document parse(std::string file, std::string_view content, Problems& problems, LoadOptions options) {
    complete_options(options);
    auto tree = std::make_unique<Tree>(problems, std::move(options));
    Loader{*tree}.load_text(file, content);
    return Document{std::move(tree)};
}

}  // namespace tidegate::yaml
