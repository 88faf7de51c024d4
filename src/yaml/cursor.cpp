#include "yaml/node.h"

#include <tidegate/base/text.h>
#include <tidegate/yaml/cursor.h>
#include <tidegate/yaml/files.h>
#include <tidegate/yaml/nearest.h>
#include <tidegate/yaml/scalar.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::yaml {
namespace {

std::string path_of(const Node& node) {
    if (node.parent == nullptr)
        return {};
    std::string above = path_of(*node.parent);
    if (node.parent->kind == Node::Kind::list)
        return above + '[' + std::to_string(node.index) + ']';
    return above.empty() ? node.name : above + '.' + node.name;
}

void append_json(std::string& out, const Node& node, Secrets secrets);

void append_json_scalar(std::string& out, const Node& node, Secrets secrets) {
    if (node.secret && secrets == Secrets::redacted) {
        out += "\"[redacted]\"";
    } else if (node.plain && (node.value == "true" || node.value == "false" || parse_number(node.value))) {
        out += node.value;
    } else {
        append_json_string(out, node.value);
    }
}

void append_json_children(std::string& out, const Node& node, Secrets secrets) {
    bool first = true;
    for (const auto& child : node.children) {
        if (!first)
            out += ',';
        first = false;
        if (node.kind == Node::Kind::map) {
            append_json_string(out, child->name);
            out += ':';
        }
        append_json(out, *child, secrets);
    }
}

void append_json(std::string& out, const Node& node, Secrets secrets) {
    switch (node.kind) {
        case Node::Kind::null:
            out += "null";
            break;
        case Node::Kind::scalar:
            append_json_scalar(out, node, secrets);
            break;
        case Node::Kind::list:
            out += '[';
            append_json_children(out, node, secrets);
            out += ']';
            break;
        case Node::Kind::map:
            out += '{';
            append_json_children(out, node, secrets);
            out += '}';
            break;
    }
}

}  // namespace

Cursor::Cursor(Tree* tree, Node* node, Node* nearest, std::string missing)
    : tree_(tree), node_(node), nearest_(nearest), missing_(std::move(missing)) {}

bool Cursor::is_map() const {
    return node_ != nullptr && node_->kind == Node::Kind::map;
}
bool Cursor::is_list() const {
    return node_ != nullptr && node_->kind == Node::Kind::list;
}
bool Cursor::is_scalar() const {
    return node_ != nullptr && node_->kind == Node::Kind::scalar;
}
bool Cursor::is_null() const {
    return node_ != nullptr && node_->kind == Node::Kind::null;
}
bool Cursor::is_plain() const {
    return is_scalar() && (node_->plain || node_->secret);
}
bool Cursor::is_secret() const {
    return is_scalar() && node_->secret;
}
void Cursor::hide() const {
    if (is_scalar())
        node_->secret = true;
}

Location Cursor::where() const {
    if (nearest_ == nullptr)
        return {tree_->sources.empty() ? std::string() : tree_->sources.front(), 0, 0};
    const bool at_key = nearest_->kind != Node::Kind::scalar && nearest_->key.line != 0;
    return tree_->location(nearest_->file, at_key ? nearest_->key : nearest_->position);
}

std::string Cursor::path() const {
    const std::string above = nearest_ == nullptr ? std::string() : path_of(*nearest_);
    if (missing_.empty())
        return above;
    return above.empty() ? missing_ : above + '.' + missing_;
}

std::string Cursor::name() const {
    if (!missing_.empty())
        return missing_.substr(missing_.rfind('.') + 1);
    if (node_ == nullptr || node_->parent == nullptr)
        return {};
    return node_->parent->kind == Node::Kind::list ? std::to_string(node_->index) : node_->name;
}

Cursor Cursor::child(std::string_view key) const {
    if (node_ == nullptr) {
        return {tree_, nullptr, nearest_,
                missing_.empty() ? std::string(key) : missing_ + '.' + std::string(key)};
    }
    if (node_->kind != Node::Kind::map) {
        mismatch("must be a map");
        return {tree_, nullptr, node_, std::string(key)};
    }
    if (std::find(node_->asked.begin(), node_->asked.end(), key) == node_->asked.end()) {
        node_->asked.emplace_back(key);
    }
    Node* found = node_->find(key);
    if (found == nullptr)
        return {tree_, nullptr, node_, std::string(key)};
    found->known = true;
    return {tree_, found, found, {}};
}

bool Cursor::has(std::string_view key) const {
    return is_map() && node_->find(key) != nullptr;
}

void Cursor::later(std::string_view key, std::string_view when) const {
    if (!is_map())
        return;
    Node* found = node_->find(key);
    if (found == nullptr)
        return;
    found->known = true;
    const std::string above = path();
    tree_->problems.add(
        tree_->location(found->file, found->key),
        fmt::format("{}{}{}: is not available yet: {}", above, above.empty() ? "" : ".", key, when));
}

void Cursor::finish() const {
    if (node_ == nullptr)
        return;
    if (node_->kind != Node::Kind::map)
        return mismatch("must be a map");
    const std::string above = path();
    const std::vector<std::string_view> words(node_->asked.begin(), node_->asked.end());
    for (const auto& entry : node_->children) {
        if (entry->known)
            continue;
        entry->known = true;
        const std::optional<std::string_view> meant = nearest(entry->name, words);
        tree_->problems.add(
            tree_->location(entry->file, entry->key),
            fmt::format("{}{}unknown key \"{}\"{}", above, above.empty() ? "" : ": ", entry->name,
                        meant ? fmt::format("; did you mean \"{}\"?", *meant) : ""));
    }
}

void Cursor::each_entry(const std::function<void(const std::string&, Cursor)>& visit) const {
    if (node_ == nullptr)
        return;
    if (node_->kind != Node::Kind::map)
        return mismatch("must be a map");
    for (const auto& entry : node_->children) {
        entry->known = true;
        visit(entry->name, Cursor{tree_, entry.get(), entry.get(), {}});
    }
}

void Cursor::each_item(const std::function<void(Cursor)>& visit) const {
    if (node_ == nullptr)
        return;
    if (node_->kind != Node::Kind::list)
        return mismatch("must be a list");
    for (const auto& item : node_->children) visit(Cursor{tree_, item.get(), item.get(), {}});
}

std::size_t Cursor::size() const {
    return node_ == nullptr ? 0 : node_->children.size();
}

void Cursor::problem(std::string message) const {
    const std::string at = path();
    tree_->problems.add(where(), at.empty() ? std::move(message) : at + ": " + message);
}

void Cursor::warning(std::string message) const {
    const std::string at = path();
    tree_->problems.warn(where(), at.empty() ? std::move(message) : at + ": " + message);
}

bool Cursor::required() const {
    if (present())
        return true;
    // Below something of the wrong kind, which was reported already, or below nothing at all.
    if (nearest_ != nullptr && nearest_->kind == Node::Kind::map)
        problem("is missing");
    return false;
}

void Cursor::mismatch(std::string_view wanted) const {
    if (node_ == nullptr || node_->reported)
        return;
    node_->reported = true;
    if (node_->kind == Node::Kind::null)
        return problem(fmt::format("has no value; it {}", wanted));
    problem(std::string(wanted));
}

std::string Cursor::json(Secrets secrets) const {
    std::string out;
    if (node_ == nullptr)
        return "null";
    append_json(out, *node_, secrets);
    return out;
}

void Cursor::watch(std::string path) const {
    tree_->add_file(std::move(path));
}

std::optional<std::string> Cursor::optional_input_path() const {
    const std::string* text = scalar();
    if (text == nullptr)
        return std::nullopt;
    if (text->empty()) {
        problem("must not be empty");
        return std::nullopt;
    }
    return resolve(tree_->sources[node_->file], *text);
}

std::string Cursor::input_path() const {
    required();
    return optional_input_path().value_or("");
}

std::optional<std::string> Cursor::file_content() const {
    const std::optional<std::string> path = optional_input_path();
    if (!path)
        return std::nullopt;
    tree_->add_file(*path);
    Result<std::string> content = read_file(*path, tree_->options.max_file_bytes);
    if (content)
        return std::move(*content);
    problem(content.error().message);
    return std::nullopt;
}

}  // namespace tidegate::yaml
