#include "half_characters.h"

namespace tidegate::dialect::detail {
namespace {

constexpr std::size_t kEscape = 6;  // \u0040
constexpr std::uint16_t kReplacement = 0xfffd;

void append_code_point(std::string& out, std::uint32_t point) {
    const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((point >> shift) & 0x3fU)); };
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xc0U | (point >> 6U));
        tail(0);
    } else if (point < 0x10000) {
        out += static_cast<char>(0xe0U | (point >> 12U));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xf0U | (point >> 18U));
        tail(12);
        tail(6);
        tail(0);
    }
}

}  // namespace

std::optional<std::uint16_t> read_escape(std::string_view text) {
    if (text.size() < kEscape || !text.starts_with("\\u"))
        return std::nullopt;
    std::uint32_t unit = 0;
    for (const char c : text.substr(2, 4)) {
        const auto digit = static_cast<std::uint32_t>(c >= '0' && c <= '9'   ? c - '0'
                                                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                                             : 16);
        if (digit == 16)
            return std::nullopt;
        unit = unit * 16 + digit;
    }
    return static_cast<std::uint16_t>(unit);
}

char unescape(char letter) {
    switch (letter) {
        case 'n':
            return '\n';
        case 't':
            return '\t';
        case 'r':
            return '\r';
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        default:
            return letter;
    }
}

void append_character(std::string& out, std::uint16_t unit) {
    append_code_point(out, is_high_half(unit) || is_low_half(unit) ? kReplacement : unit);
}

void append_pair(std::string& out, std::uint16_t high, std::uint16_t low) {
    append_code_point(out, 0x10000U + ((high - 0xd800U) << 10U) + (low - 0xdc00U));
}

bool replace_halves(std::string& json) {
    bool any = false;
    for (std::size_t at = json.find('\\'); at != std::string::npos; at = json.find('\\', at)) {
        const auto unit = read_escape(std::string_view(json).substr(at));
        if (!unit) {
            at += 2;
            continue;
        }
        const auto next = read_escape(std::string_view(json).substr(at + kEscape));
        if (is_high_half(*unit) && next && is_low_half(*next)) {
            at += 2 * kEscape;
            continue;
        }
        if (is_high_half(*unit) || is_low_half(*unit)) {
            json.replace(at + 2, 4, "fffd");
            any = true;
        }
        at += kEscape;
    }
    return any;
}

CutText read_cut_text(std::string_view inside) {
    CutText cut;
    for (std::size_t at = 0; at < inside.size();) {
        if (inside[at] != '\\') {
            cut.text += inside[at++];
            continue;
        }
        const auto unit = read_escape(inside.substr(at));
        if (!unit) {
            cut.text += unescape(at + 1 < inside.size() ? inside[at + 1] : '\\');
            at += 2;
            continue;
        }
        const auto next = read_escape(inside.substr(at + kEscape));
        if (is_high_half(*unit) && next && is_low_half(*next)) {
            append_pair(cut.text, *unit, *next);
            at += 2 * kEscape;
            continue;
        }
        if (at == 0 && is_low_half(*unit)) {
            cut.low = *unit;
        } else if (at + kEscape == inside.size() && is_high_half(*unit)) {
            cut.high = *unit;
        } else {
            append_character(cut.text, *unit);
        }
        at += kEscape;
    }
    return cut;
}

}  // namespace tidegate::dialect::detail
