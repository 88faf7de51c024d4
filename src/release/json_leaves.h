// A JSON document as the list of its leaves, so that two can be compared piece by piece.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::release {

struct JsonLeaf {
    enum class Kind { null, boolean, number, text, empty_object, empty_array };

    std::string path;  // "/items/0/name"
    Kind kind = Kind::null;
    std::string value;  // the text, or the number in one spelling
};

// Sorted by path. Nothing if `text` is no object or array, is nested deeper than 64 levels, is longer than
// kMostCompared or takes more than 16 MiB as leaves. A Markdown fence around the JSON is left out.
std::optional<std::vector<JsonLeaf>> json_leaves(std::string_view text);

// Of the paths in either, how many are in both, with leaves that `same` finds equal: 0 … 1; 1 if both are
// empty.
double leaf_similarity(const std::vector<JsonLeaf>& a, const std::vector<JsonLeaf>& b,
                       bool (*same)(const JsonLeaf& a, const JsonLeaf& b, double minimum_similarity),
                       double minimum_similarity);

// The same kind of value; the same value, but that longer texts need only be alike.
bool same_kind(const JsonLeaf& a, const JsonLeaf& b, double minimum_similarity);
bool same_value(const JsonLeaf& a, const JsonLeaf& b, double minimum_similarity);

}  // namespace tidegate::release
