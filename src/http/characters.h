// The character classes of RFC 9110 and 3986.
#pragma once

#include <array>
#include <string_view>

namespace tidegate::http {

namespace characters {

constexpr std::array<bool, 256> table_of(std::string_view others) {
    std::array<bool, 256> table{};
    for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (const char c : others) table[static_cast<unsigned char>(c)] = true;
    return table;
}
inline constexpr auto kToken = table_of("!#$%&'*+-.^_`|~");
inline constexpr auto kUnreserved = table_of("-._~");

}  // namespace characters

constexpr bool is_token_character(char c) {
    return characters::kToken[static_cast<unsigned char>(c)];
}
constexpr bool is_unreserved(char c) {
    return characters::kUnreserved[static_cast<unsigned char>(c)];
}
constexpr bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_token(std::string_view text) {
    if (text.empty())
        return false;
    for (const char c : text) {
        if (!is_token_character(c))
            return false;
    }
    return true;
}

// The index of the first control character at or behind `from`, else the size.
std::size_t find_control(std::string_view text, std::size_t from);

// -1 if it is no hexadecimal digit.
constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

}  // namespace tidegate::http
