// One YAML text into nodes: yaml-cpp's parser behind our own event handler, which sets the bounds.
#pragma once

#include "yaml/node.h"

#include <memory>
#include <string_view>

namespace tidegate::yaml {

// Parses the text of `tree.sources[file]`. What is wrong is reported; nothing if no tree came of it.
std::unique_ptr<Node> build(Tree& tree, std::uint32_t file, std::string_view text);

}  // namespace tidegate::yaml
