#include <tidegate/base/digest.h>
#include <tidegate/base/text.h>
#include <tidegate/prompts/registry.h>
#include <tidegate/yaml/document.h>
#include <tidegate/yaml/files.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

namespace tidegate::prompts {

// One file, read and not yet parsed.
struct VersionFile {
    std::filesystem::path path;
    std::string name;  // "support-reply@3"
    std::string bytes;
    std::string hash;
};

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 4U << 20U;

// What a reference `name@3` and a label can hold.
bool is_prompt_name(std::string_view name) {
    return name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                      c == '-' || c == '.';
           });
}

// "3" of "3.yaml"; nothing for other names.
std::optional<int> version_of(const fs::path& file) {
    const std::string stem = file.stem().string();
    if (file.extension() != ".yaml" || stem.empty() || stem.size() > 9 || stem.front() == '0')
        return std::nullopt;
    if (!std::all_of(stem.begin(), stem.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    return std::stoi(stem);
}

std::map<std::string, VariableRule, std::less<>> parse_variables(const yaml::Cursor& at) {
    std::map<std::string, VariableRule, std::less<>> variables;
    at.each_entry([&](const std::string& name, const yaml::Cursor& value) {
        VariableRule rule;
        const auto otherwise = value["default"].optional_text();
        rule.required = value["required"].boolean(!otherwise);
        rule.otherwise = otherwise.value_or("");
        if (rule.required && otherwise)
            value["default"].problem("is of no use: the variable is required");
        value.finish();
        variables[name] = std::move(rule);
    });
    return variables;
}

std::vector<Template> parse_messages(const yaml::Cursor& at) {
    std::vector<Template> messages;
    at.required();
    if (at.is_list() && at.size() == 0)
        at.problem("must hold at least one message");
    at.each_item([&](const yaml::Cursor& item) {
        Template message;
        const std::string role = item["role"].text();
        const auto known = dialect::parse_role(role);
        if (!known || *known == dialect::Role::tool) {
            if (!role.empty())
                item["role"].problem("must be system, developer, user or assistant");
        } else {
            message.role = *known;
        }
        message.segments = parse_template(item["content"].text());
        item.finish();
        messages.push_back(std::move(message));
    });
    return messages;
}

void check_variables(const yaml::Cursor& root, const std::vector<Template>& messages,
                     const std::map<std::string, VariableRule, std::less<>>& variables) {
    std::set<std::string, std::less<>> used;
    for (const Template& message : messages) {
        for (const Template::Segment& segment : message.segments) {
            if (!segment.is_variable)
                continue;
            used.insert(segment.text);
            if (!variables.contains(segment.text))
                root["messages"].problem(
                    fmt::format("uses {{{{{}}}}}, which `variables` does not declare", segment.text));
        }
    }
    for (const auto& [name, rule] : variables) {
        if (!used.contains(name))
            root["variables"][name].warning("is declared, but no message uses it");
    }
}

// The name of a file may hold anything.
std::string printable(const fs::path& file) {
    const std::string quoted = json_string(file.string());
    return quoted.substr(1, quoted.size() - 2);
}

// Nothing if it cannot be read, or is not what was served.
std::optional<VersionFile> read_file(const yaml::Cursor& at, const fs::path& file, std::string name,
                                     const std::map<std::string, std::string>& served) {
    at.watch(file.string());
    auto content = yaml::read_file(file.string(), kMostBytes);
    if (!content) {
        at.problem("cannot read " + printable(file) + ": it must be a file of at most 4 MiB");
        return std::nullopt;
    }
    std::string hash = to_hex(digest_of(*content));
    const auto before = served.find(name);
    if (before != served.end() && before->second != hash) {
        const int next = version_of(file).value_or(0) + 1;
        at.problem(fmt::format("{} has changed since it was served; restore it and write version {} ({}.yaml)",
                               printable(file), next, next));
        return std::nullopt;
    }
    return VersionFile{file, std::move(name), std::move(*content), std::move(hash)};
}

std::shared_ptr<const PromptVersion> parse_version(const VersionFile& file, yaml::Problems& problems) {
    yaml::LoadOptions options;
    options.includes = false;
    options.substitutions = false;
    const yaml::Document document = yaml::parse(file.path.string(), file.bytes, problems, options);
    const yaml::Cursor root = document.root();
    std::shared_ptr<const PromptVersion> version;
    if (document.complete()) {
        root["description"].text(std::string());
        auto variables = parse_variables(root["variables"]);
        auto messages = parse_messages(root["messages"]);
        root.finish();
        check_variables(root, messages, variables);
        version = std::make_shared<const PromptVersion>(file.name, file.hash, std::move(messages),
                                                        std::move(variables));
    }
    return problems.has_errors() ? nullptr : version;
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
    std::vector<fs::path> entries;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (!entry->path().filename().string().starts_with('.'))
            entries.push_back(entry->path());
    }
    // By their bytes: paths compare name by name, which takes longer, and these differ in the last one only.
    std::sort(entries.begin(), entries.end(),
              [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
    return entries;
}

}  // namespace

std::shared_ptr<const Registry> Registry::load(const yaml::Cursor& at,
                                               const std::map<std::string, std::string>& served,
                                               const Registry* previous, yaml::Problems& problems) {
    auto registry = std::make_shared<Registry>();
    if (!at)
        return registry;
    const fs::path folder = at.input_path();
    std::error_code error;
    if (!fs::is_directory(folder, error)) {
        at.problem("is no folder that can be read: " + folder.string());
        return registry;
    }
    // The folders too: a new version is a new file in one of them.
    at.watch(folder.string());
    for (const fs::path& prompt : sorted_entries(folder)) {
        if (!fs::is_directory(prompt, error))
            continue;
        if (!is_prompt_name(prompt.filename().string())) {
            at.problem(printable(prompt) +
                       " is no name of a prompt: letters, digits, `_`, `-` and `.`, at most 128");
            continue;
        }
        at.watch(prompt.string());
        for (const fs::path& file : sorted_entries(prompt)) {
            if (file.extension() != ".yaml")
                continue;
            const auto version = version_of(file);
            if (!version) {
                at.problem(printable(file) + " is no version: files are named 1.yaml, 2.yaml and so on");
                continue;
            }
            const std::string name = fmt::format("{}@{}", prompt.filename().string(), *version);
            const auto found = read_file(at, file, name, served);
            if (!found)
                continue;
            if (previous != nullptr && previous->keeps(*found, served)) {
                registry->versions_[name] = previous->find(name);
            } else {
                registry->add(*found, problems);
            }
        }
    }
    return registry;
}

// Whether a version of this registry can be used for the file.
bool Registry::keeps(const VersionFile& file, const std::map<std::string, std::string>& served) const {
    const auto version = find(file.name);
    return version && version->hash() == file.hash && !warned_.contains(file.name) &&
           (!version->was_served() || served.contains(file.name));
}

void Registry::add(const VersionFile& file, yaml::Problems& problems) {
    yaml::Problems found;
    if (auto parsed = parse_version(file, found))
        versions_[file.name] = std::move(parsed);
    if (!found.all().empty())
        warned_.insert(file.name);
    for (const yaml::Problem& problem : found.all())
        problems.add(problem.where, problem.message, problem.severity);
}

std::shared_ptr<const PromptVersion> Registry::find(std::string_view name_version) const {
    const auto found = versions_.find(name_version);
    return found == versions_.end() ? nullptr : found->second;
}

}  // namespace tidegate::prompts
