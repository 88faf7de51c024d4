#include "yaml/builder.h"

#include "yaml/substitute.h"
#include "yaml/text_check.h"

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace tidegate::yaml {
namespace {

Position position(const YAML::Mark& mark) {
    if (mark.is_null())
        return {};
    return {mark.line + 1, mark.column + 1};
}

// Ends the parsing of a file: what follows could not be understood, or is too much.
struct Stop {
    Position where;
    std::string message;
};

class Builder final : public YAML::EventHandler {
  public:
    Builder(Tree& tree, std::uint32_t file) : tree_(tree), file_(file) {}

    std::unique_ptr<Node> take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ > 0)
            throw Stop{position(mark), "a second document; one file holds one document"};
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (expects_key())
            throw Stop{position(mark), "a key is missing"};
        // yaml-cpp takes a line of text without a colon as a key without value, at the same place.
        if (!frames_.empty() && frames_.back().has_key && frames_.back().key_offset == mark.pos) {
            throw Stop{position(mark), fmt::format("\"{}\" is not followed by a colon", frames_.back().key)};
        }
        remember(anchor, attach(make(Node::Kind::null, mark)));
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check_tag(mark, tag);
        if (expects_key())
            return begin_entry(mark, anchor, value);
        std::unique_ptr<Node> node = make(Node::Kind::scalar, mark);
        node->plain = tag == "?";
        node->value = value;
        substitute(tree_, *node);
        count_text(position(mark), node->value.size());
        remember(anchor, attach(std::move(node)));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (expects_key())
            throw Stop{position(mark), "an alias cannot be a key"};
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end())
            throw Stop{position(mark), "an unknown alias"};
        for (const Frame& frame : frames_) {
            if (frame.node == found->second)
                throw Stop{position(mark), "an alias of something that it is part of"};
        }
        std::unique_ptr<Node> copied = copy(*found->second, mark, frames_.size());
        copied->position = position(mark);
        attach(std::move(copied));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        begin_collection(Node::Kind::list, mark, tag, anchor);
    }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        begin_collection(Node::Kind::map, mark, tag, anchor);
    }
    void OnSequenceEnd() override { frames_.pop_back(); }
    void OnMapEnd() override { frames_.pop_back(); }

  private:
    struct Frame {
        Node* node;
        bool has_key = false;
        bool duplicate = false;
        std::string key;
        Position key_position;
        int key_offset = 0;
        std::unordered_map<std::string, Position> seen;
    };

    bool expects_key() const {
        return !frames_.empty() && frames_.back().node->kind == Node::Kind::map && !frames_.back().has_key;
    }

    void report(Position where, std::string message) {
        tree_.problems.add(tree_.location(file_, where), std::move(message));
    }

    void count(Position where) {
        if (++tree_.nodes > tree_.options.max_nodes) {
            throw Stop{where, fmt::format("more than {} values (aliases count as often as they are used)",
                                          tree_.options.max_nodes)};
        }
    }

    void count_text(Position where, std::size_t bytes) {
        tree_.text_bytes += bytes;
        if (tree_.text_bytes > 4 * tree_.options.max_file_bytes)
            throw Stop{where, "too much text, counting aliases"};
    }

    void check_depth(Position where, std::size_t depth) const {
        if (depth > tree_.options.max_depth)
            throw Stop{where, "maps and lists are nested too deeply"};
    }

    void check_tag(const YAML::Mark& mark, const std::string& tag) {
        if (tag.empty() || tag == "?" || tag == "!")
            return;
        report(position(mark), "tags are not supported");
    }

    std::unique_ptr<Node> make(Node::Kind kind, const YAML::Mark& mark) {
        count(position(mark));
        auto node = std::make_unique<Node>();
        node->kind = kind;
        node->file = file_;
        node->position = position(mark);
        return node;
    }

    void begin_entry(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& key) {
        Frame& frame = frames_.back();
        if (anchor != 0)
            throw Stop{position(mark), "an anchor at a key is not supported"};
        frame.has_key = true;
        frame.key = key;
        frame.key_position = position(mark);
        frame.key_offset = mark.pos;
        const auto [entry, is_new] = frame.seen.emplace(key, frame.key_position);
        frame.duplicate = !is_new || key == "<<";
        if (key == "<<") {
            report(frame.key_position, "the merge key << is not supported; write the keys out");
        } else if (!is_new) {
            report(frame.key_position,
                   fmt::format("\"{}\" is already written at line {}", key, entry->second.line));
        }
    }

    void begin_collection(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
                          YAML::anchor_t anchor) {
        check_tag(mark, tag);
        if (expects_key())
            throw Stop{position(mark), "a key must be a scalar"};
        check_depth(position(mark), frames_.size() + 1);
        Node* node = attach(make(kind, mark));
        remember(anchor, node);
        frames_.push_back({node, false, false, {}, {}, 0, {}});
    }

    void remember(YAML::anchor_t anchor, Node* node) {
        if (anchor != 0)
            anchors_[anchor] = node;
    }

    Node* attach(std::unique_ptr<Node> owned) {
        Node* node = owned.get();
        if (frames_.empty()) {
            root_ = std::move(owned);
            return node;
        }
        Frame& frame = frames_.back();
        node->parent = frame.node;
        if (frame.node->kind == Node::Kind::map) {
            node->name = std::move(frame.key);
            node->key = frame.key_position;
            frame.has_key = false;
            if (frame.duplicate) {
                tree_.discarded.push_back(std::move(owned));
                return node;
            }
        } else {
            node->index = frame.node->children.size();
        }
        frame.node->children.push_back(std::move(owned));
        return node;
    }

    std::unique_ptr<Node> copy(const Node& from, const YAML::Mark& mark, std::size_t depth) {
        count(position(mark));
        if (from.kind == Node::Kind::map || from.kind == Node::Kind::list)
            check_depth(position(mark), ++depth);
        count_text(position(mark), from.value.size() + from.name.size());
        auto to = std::make_unique<Node>();
        to->kind = from.kind;
        to->plain = from.plain;
        to->secret = from.secret;
        to->file = from.file;
        to->position = from.position;
        to->key = from.key;
        to->index = from.index;
        to->name = from.name;
        to->value = from.value;
        for (const auto& child : from.children) {
            to->children.push_back(copy(*child, mark, depth));
            to->children.back()->parent = to.get();
        }
        return to;
    }

    Tree& tree_;
    std::uint32_t file_;
    int documents_ = 0;
    std::unique_ptr<Node> root_;
    std::vector<Frame> frames_;
    std::unordered_map<YAML::anchor_t, Node*> anchors_;
};

// yaml-cpp's own words are kept, they are well known to users of it.
std::unique_ptr<Node> run(Builder& builder, const std::string& text) {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
}

}  // namespace

std::unique_ptr<Node> build(Tree& tree, std::uint32_t file, std::string_view content) {
    const auto fail = [&tree, file](Position where, std::string message) {
        tree.problems.add(tree.location(file, where), std::move(message));
        tree.complete = false;
        return nullptr;
    };
    const std::string text = normalize_lines(content);
    if (const auto refusal = check_text(text, tree.options.max_depth, tree.options.max_nodes)) {
        return fail(refusal->where, refusal->message);
    }
    Builder builder(tree, file);
    try {
        std::unique_ptr<Node> root = run(builder, text);
        if (!root || root->kind == Node::Kind::null)
            return fail({}, "the file is empty");
        return root;
    } catch (const Stop& stop) {
        return fail(stop.where, stop.message);
    } catch (const YAML::Exception& error) {
        return fail(position(error.mark), error.msg);
    } catch (const std::exception& error) {
        return fail({}, fmt::format("cannot be parsed: {}", error.what()));
    }
}

}  // namespace tidegate::yaml
