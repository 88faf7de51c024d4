// The prompt registry: immutable, numbered, content-hashed versions, read from a folder of files.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/dialect/request_writer.h>
#include <tidegate/yaml/cursor.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::prompts {

// A message with its variables cut out: literal, variable, literal, …
struct Template {
    struct Segment {
        bool is_variable = false;
        std::string text;  // the literal, or the variable's name
    };
    dialect::Role role = dialect::Role::system;
    std::vector<Segment> segments;
};

struct VariableRule {
    bool required = false;
    std::string otherwise;  // the default, if it is not required
};

// Immutable, shared by snapshots.
class PromptVersion {
  public:
    PromptVersion(std::string name, std::string hash, std::vector<Template> messages,
                  std::map<std::string, VariableRule, std::less<>> variables)
        : name_(std::move(name)),
          hash_(std::move(hash)),
          messages_(std::move(messages)),
          variables_(std::move(variables)) {}

    // "support-reply@3"
    const std::string& name() const { return name_; }
    // SHA-256 of the file's bytes, in hexadecimal.
    const std::string& hash() const { return hash_; }
    const std::vector<Template>& messages() const { return messages_; }
    const std::map<std::string, VariableRule, std::less<>>& variables() const { return variables_; }
    // True the first time it is asked of this object: then its hash is to be remembered. Any thread.
    bool first_serve() const { return !served_.load(std::memory_order_relaxed) && !served_.exchange(true); }
    // Whether it was asked before. Any thread.
    bool was_served() const { return served_; }

  private:
    mutable std::atomic<bool> served_{false};
    std::string name_;
    std::string hash_;
    std::vector<Template> messages_;
    std::map<std::string, VariableRule, std::less<>> variables_;
};

struct VersionFile;

// Any thread; immutable once loaded.
class Registry {
  public:
    // Reads every `NAME/N.yaml` below the folder that `at` names; NAME is letters, digits, `_`, `-` and `.`,
    // files and folders that begin with `.` are passed over. A version whose file has changed since it was
    // served (another hash in `served`) is refused. Every file that is read joins the document's files. A
    // version that `previous` holds with the same content is taken from there, but for one that was served and
    // is not in `served`: its next call remembers it again. null: nothing was loaded before.
    static std::shared_ptr<const Registry> load(const yaml::Cursor& at,
                                                const std::map<std::string, std::string>& served,
                                                const Registry* previous, yaml::Problems& problems);

    // By "name@3"; null if there is none.
    std::shared_ptr<const PromptVersion> find(std::string_view name_version) const;
    const std::map<std::string, std::shared_ptr<const PromptVersion>, std::less<>>& all() const {
        return versions_;
    }

  private:
    bool keeps(const VersionFile& file, const std::map<std::string, std::string>& served) const;
    void add(const VersionFile& file, yaml::Problems& problems);

    std::map<std::string, std::shared_ptr<const PromptVersion>, std::less<>> versions_;
    std::set<std::string, std::less<>> warned_;  // parsed at each load, so that it is warned of again
};

// The messages with the values that `lookup` gives, else the defaults. invalid_input (source client) names the
// first required variable that is missing. Values are put in as they are: braces in them mean nothing.
Result<std::vector<dialect::PromptMessage>> render(
    const PromptVersion& version,
    const std::function<std::optional<std::string_view>(std::string_view)>& lookup);

// Cuts `{{name}}` out of a content. A name is letters, digits, `_` and `-`, with spaces around it allowed;
// braces around anything else are text, and so are the outer ones of `{{{name}}}`. There is no escape: a
// variable whose default is `{{name}}` writes that.
std::vector<Template::Segment> parse_template(std::string_view content);

}  // namespace tidegate::prompts
