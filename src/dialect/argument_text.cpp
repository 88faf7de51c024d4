#include "half_characters.h"

#include <tidegate/dialect/argument_text.h>

namespace tidegate::dialect {
namespace {

constexpr std::size_t kEscape = 6;  // \u0040

}  // namespace

void ArgumentText::feed(std::string_view json, std::string& out) {
    for (const char c : json) take(c, out);
}

void ArgumentText::finish(std::string& out) {
    out += x_held;
    x_held.clear();
}

void ArgumentText::take(char c, std::string& out) {
    if (!x_held.empty()) {
        x_held += c;
        return resolve(out);
    }
    if (x_in_string) {
        if (c == '\\') {
            x_held = c;
            return;
        }
        x_in_string = c != '"';
    } else if (c == '"') {
        x_in_string = true;
    } else if (c == '{' || c == '[') {
        ++x_depth;
        x_begun = true;
    } else if (c == '}' || c == ']') {
        --x_depth;
    }
    out += c;
}

// Gives out what is held if it is whole. Two surrogates make one character; one alone is none.
void ArgumentText::resolve(std::string& out) {
    if (x_held[1] != 'u') {
        out += detail::unescape(x_held[1]);
        x_held.clear();
        return;
    }
    if (x_held.size() < kEscape)
        return;
    const auto first = detail::read_escape(x_held);
    if (first && detail::is_high_half(*first)) {
        const bool may_go_on = x_held.size() == kEscape || x_held[kEscape] == '\\';
        const bool may_be_pair = x_held.size() < kEscape + 2 || x_held[kEscape + 1] == 'u';
        if (may_go_on && may_be_pair && x_held.size() < 2 * kEscape)
            return;
        const auto second = detail::read_escape(std::string_view(x_held).substr(kEscape));
        if (second && detail::is_low_half(*second)) {
            detail::append_pair(out, *first, *second);
            x_held.clear();
            return;
        }
    }
    // What came behind is read for itself.
    const std::string rest = x_held.substr(kEscape);
    first ? detail::append_character(out, *first) : void(out.append(x_held, 0, kEscape));
    x_held.clear();
    for (const char c : rest) take(c, out);
}

ArgumentMap map_arguments(std::string_view json) {
    ArgumentMap map;
    ArgumentText reader;
    std::size_t origin = 0;  // of what comes out next
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (!reader.pending())
            origin = i;
        reader.feed(json.substr(i, 1), map.text);
        map.origin.resize(map.text.size(), origin);
    }
    reader.finish(map.text);
    map.origin.resize(map.text.size(), origin);
    map.origin.push_back(json.size());
    return map;
}

}  // namespace tidegate::dialect
