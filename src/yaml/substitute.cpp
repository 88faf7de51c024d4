#include "yaml/substitute.h"

#include "yaml/text_check.h"

#include <tidegate/yaml/files.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::yaml {
namespace {

bool is_variable_name(std::string_view name) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9');
    });
}

class Substitution {
  public:
    Substitution(Tree& tree, Node& node) : tree_(tree), node_(node) {}

    void run() {
        std::string_view rest = node_.value;
        std::string out;
        while (true) {
            const std::size_t dollar = rest.find('$');
            out += rest.substr(0, dollar);
            if (dollar == std::string_view::npos)
                break;
            rest.remove_prefix(dollar);
            if (rest.starts_with("$${")) {
                out += "${";
                rest.remove_prefix(3);
            } else if (rest.starts_with("${")) {
                const std::size_t end = rest.find('}');
                if (end == std::string_view::npos) {
                    report("\"${\" without \"}\"; write $${ for a literal ${");
                    break;
                }
                out += value(rest.substr(2, end - 2));
                node_.secret = true;
                rest.remove_prefix(end + 1);
            } else {
                out += '$';
                rest.remove_prefix(1);
            }
        }
        node_.value = std::move(out);
    }

  private:
    void report(std::string message) {
        tree_.problems.add(tree_.location(node_.file, node_.position), std::move(message));
    }

    std::string value(std::string_view name) {
        if (name.starts_with("file:"))
            return file(std::string(name.substr(5)));
        if (!is_variable_name(name)) {
            report("${…} takes the name of an environment variable or file:PATH; write $${ for a literal ${");
            return {};
        }
        const std::string variable(name);
        std::optional<std::string> found = tree_.options.environment(variable);
        if (!found)
            report(fmt::format("the environment variable {} is not set", variable));
        if (found && !is_utf8(*found))
            report(fmt::format("the environment variable {} is not UTF-8", variable));
        return std::move(found).value_or("");
    }

    std::string file(const std::string& name) {
        const std::string path = resolve(tree_.sources[node_.file], name);
        tree_.add_file(path);
        Result<std::string> content = read_file(path, tree_.options.max_file_bytes);
        if (!content) {
            report(content.error().message);
            return {};
        }
        std::string text = std::move(*content);
        while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
        if (!is_utf8(text) || text.find('\0') != std::string::npos) {
            report(fmt::format("{} is not text", path));
            return {};
        }
        return text;
    }

    Tree& tree_;
    Node& node_;
};

}  // namespace

void substitute(Tree& tree, Node& node) {
    if (!tree.options.substitutions || node.value.find("${") == std::string::npos)
        return;
    Substitution{tree, node}.run();
}

}  // namespace tidegate::yaml
