// The word that a misspelt one was probably meant to be.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace tidegate::yaml {

// By edit distance (insert, delete, replace, swap neighbours); nothing if none is near.
std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& words);

}  // namespace tidegate::yaml
