// The tree behind documents and cursors.
#pragma once

#include <tidegate/yaml/document.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace tidegate::yaml {

struct Position {
    int line = 0;  // from 1; 0 is unknown
    int column = 0;
};

struct Node {
    enum class Kind : std::uint8_t { null, scalar, list, map };

    Kind kind = Kind::null;
    bool plain = false;      // a scalar without quotes
    bool secret = false;     // a scalar that holds a substitution, or was hidden
    bool known = false;      // somebody asked for it
    bool reported = false;   // its kind was reported as wrong
    std::uint32_t file = 0;  // index into Tree::sources
    Position position;
    Position key;  // of an entry of a map
    Node* parent = nullptr;
    std::size_t index = 0;  // in a list
    std::string name;       // in a map
    std::string value;      // of a scalar
    std::vector<std::unique_ptr<Node>> children;
    std::vector<std::string> asked;  // keys that somebody asked this map for

    Node* find(std::string_view key_name) const {
        for (const auto& child : children) {
            if (child->name == key_name)
                return child.get();
        }
        return nullptr;
    }
};

class Tree {
  public:
    Tree(Problems& reports, LoadOptions load_options) : problems(reports), options(std::move(load_options)) {}

    Location location(std::uint32_t file, Position position) const {
        return {sources[file], position.line, position.column};
    }
    void add_file(std::string path);

    Problems& problems;
    LoadOptions options;
    std::vector<std::string> sources;  // the YAML files
    std::vector<std::string> files;    // everything that was read, each once
    std::unordered_set<std::string> known_files;
    std::vector<std::string> include_patterns;
    std::vector<std::unique_ptr<Node>> discarded;  // second entries of equal keys: anchors may point into them
    std::unique_ptr<Node> root;
    std::size_t nodes = 0;
    std::size_t text_bytes = 0;
    bool complete = true;
};

}  // namespace tidegate::yaml
