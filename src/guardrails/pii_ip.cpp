#include "guardrails/pii.h"

#include <algorithm>
#include <array>

#include <arpa/inet.h>

namespace tidegate::guardrails {
namespace {

constexpr std::string_view kFirstOfAddress = "0123456789abcdefABCDEF:";
constexpr std::size_t kLongestV4 = 15;
constexpr std::size_t kLongestV6 = 45;

bool is_hex_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Four numbers up to 255 that are not part of a longer row of numbers.
std::size_t v4_length(std::string_view text, std::size_t at) {
    std::size_t end = at;
    for (int octet = 0; octet < 4; ++octet) {
        if (octet > 0) {
            if (end >= text.size() || text[end] != '.')
                return 0;
            ++end;
        }
        int value = 0;
        const std::size_t begin = end;
        while (end < text.size() && end < begin + 3 && is_digit(text[end]))
            value = value * 10 + (text[end++] - '0');
        if (end == begin || value > 255)
            return 0;
    }
    return number_ends(text, end) ? end - at : 0;
}

bool is_v6(std::string_view address) {
    std::array<char, kLongestV6 + 1> terminated{};
    std::copy(address.begin(), address.end(), terminated.begin());
    std::array<unsigned char, 16> bytes{};
    return ::inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1;
}

// `std::dec`, `a[1::2]` and `12:30` are none: the first group has four digits, or all eight are written, or an
// IPv4 address stands at the end.
bool looks_like_v6(std::string_view address) {
    const std::size_t first = address.find(':');
    const auto colons = std::count(address.begin(), address.end(), ':');
    return first == 4 || (first > 0 && colons == 7) || address.find('.') != std::string_view::npos;
}

std::size_t v6_length(std::string_view text, std::size_t at) {
    if (at > 0 && text[at - 1] == ':')
        return 0;
    std::size_t end = at;
    while (end < text.size() && end <= at + kLongestV6 &&
           (is_hex_digit(text[end]) || text[end] == ':' || text[end] == '.'))
        ++end;
    if (!token_ends(text, end))
        return 0;
    std::string_view address = text.substr(at, end - at);
    // What ends a sentence is no part of it.
    while (address.ends_with('.') || (address.ends_with(':') && !address.ends_with("::")))
        address.remove_suffix(1);
    const bool good = address.size() <= kLongestV6 && std::count(address.begin(), address.end(), ':') >= 2 &&
                      looks_like_v6(address) && is_v6(address);
    return good ? address.size() : 0;
}

std::size_t ip_length(std::string_view text, std::size_t at) {
    if (const std::size_t length = v6_length(text, at); length > 0)
        return length;
    return is_digit(text[at]) && number_starts(text, at) ? v4_length(text, at) : 0;
}

}  // namespace

Recogniser ip_recogniser() {
    return {"ip", kFirstOfAddress, std::max(kLongestV4, kLongestV6 + 2), ip_length};
}

}  // namespace tidegate::guardrails
