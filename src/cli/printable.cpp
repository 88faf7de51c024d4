#include "cli/printable.h"

#include <cstdint>
#include <iterator>

#include <fmt/format.h>

namespace tidegate::cli {
namespace {

struct Character {
    char32_t code = 0;
    std::size_t bytes = 1;
    bool valid = false;
};

// The first character; one invalid byte if it is no UTF-8 (too long, a surrogate, cut).
Character first_character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80)
        return {lead, 1, true};
    const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes)
        return {lead, 1, false};
    char32_t code = lead & (0xFFU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0U) != 0x80U)
            return {lead, 1, false};
        code = code << 6U | (next & 0x3FU);
    }
    const bool overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
    if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return {lead, 1, false};
    return {code, bytes, true};
}

bool is_harmless(char32_t code) {
    if (code < 0x20 || (code >= 0x7F && code <= 0x9F))
        return false;
    // They turn the direction of text, or end a line for some programs.
    if (code == 0x061C || code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
        (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF)
        return false;
    // Invisible tags.
    return code < 0xE0000 || code > 0xE007F;
}

void append_escape(std::string& out, const Character& character) {
    if (character.code == '\n') {
        out += "\\n";
    } else if (character.code < 0x100) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<std::uint32_t>(character.code));
    } else {
        fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", static_cast<std::uint32_t>(character.code));
    }
}

void append_json_escape(std::string& out, char32_t code) {
    const auto unit = [&out](std::uint32_t value) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", value);
    };
    if (code < 0x10000) {
        unit(static_cast<std::uint32_t>(code));
        return;
    }
    const auto rest = static_cast<std::uint32_t>(code) - 0x10000;
    unit(0xD800 + (rest >> 10U));
    unit(0xDC00 + (rest & 0x3FFU));
}

}  // namespace

std::string printable(std::string_view text, Lines lines) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        const bool stays = lines == Lines::many && (character.code == '\n' || character.code == '\t');
        if (character.valid && (stays || is_harmless(character.code))) {
            out += text.substr(0, character.bytes);
        } else {
            append_escape(out, character);
        }
        text.remove_prefix(character.bytes);
    }
    return out;
}

std::string printable_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    while (!json.empty()) {
        const Character character = first_character(json);
        // Outside of strings JSON has no control characters but line ends, which are layout.
        if (character.code == '\n' || (character.valid && is_harmless(character.code))) {
            out += json.substr(0, character.bytes);
        } else {
            append_json_escape(out, character.valid ? character.code : 0xFFFD);
        }
        json.remove_prefix(character.bytes);
    }
    return out;
}

std::size_t width_of(std::string_view text) {
    std::size_t width = 0;
    for (const char c : text) {
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U)
            ++width;
    }
    return width;
}

}  // namespace tidegate::cli
