// `${NAME}` and `${file:PATH}` in scalars.
#pragma once

#include "yaml/node.h"

namespace tidegate::yaml {

// Replaces them in the node's value and marks it as secret. What is missing is reported, never a value.
void substitute(Tree& tree, Node& node);

}  // namespace tidegate::yaml
