// What the arguments of a tool call say, whatever way their JSON is written and cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::dialect {

// Reads JSON piece by piece and gives it back with the escapes in its strings resolved, so that "a\u0040b.com"
// is found as what the tool gets. Anything may be fed: what is no JSON comes out as it is.
class ArgumentText {
  public:
    // Appends to `out` what the next bytes say; an escape that they cut is held until it is whole.
    void feed(std::string_view json, std::string& out);
    // The end: what is held will never be whole.
    void finish(std::string& out);

    // An escape is held.
    bool pending() const { return !x_held.empty(); }
    // What was fed ends with one whole object or array.
    bool complete() const { return x_begun && x_depth == 0; }

  private:
    void take(char c, std::string& out);
    void resolve(std::string& out);

    std::string x_held;  // an escape, from its backslash
    int x_depth = 0;
    bool x_begun = false;
    bool x_in_string = false;
};

// The same for whole arguments, with the way back: `origin[i]` is where in `json` the byte i of `text` comes
// from, and one more entry for the end.
struct ArgumentMap {
    std::string text = {};
    std::vector<std::size_t> origin = {};
};
ArgumentMap map_arguments(std::string_view json);

}  // namespace tidegate::dialect
