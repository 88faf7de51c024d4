#include "http/target.h"

#include "http/characters.h"

#include <tidegate/base/text.h>

namespace tidegate::http {
namespace {

constexpr Refused kBadTarget = refuse("The request target is malformed.");
constexpr Refused kBadPath = refuse("The path has empty or dot segments, a backslash or a wrong escape.");

// RFC 3986 pchar and "/", without the percent sign.
constexpr auto kPathCharacters = characters::table_of("-._~!$&'()*+,;=:@/");

bool is_path_character(char c) {
    return kPathCharacters[static_cast<unsigned char>(c)];
}

// Decodes one escape at `at` into `scratch`; false if it must not be there.
bool append_escape(std::string_view path, std::size_t at, std::string& scratch) {
    if (at + 2 >= path.size())
        return false;
    const int high = hex_value(path[at + 1]);
    const int low = hex_value(path[at + 2]);
    if (high < 0 || low < 0)
        return false;
    const char decoded = static_cast<char>(high * 16 + low);
    if (is_control(decoded) || decoded == '/' || decoded == '\\' || decoded == '%')
        return false;
    if (is_unreserved(decoded)) {
        scratch.push_back(decoded);
        return true;
    }
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    scratch.push_back('%');
    scratch.push_back(kDigits[static_cast<std::size_t>(high)]);
    scratch.push_back(kDigits[static_cast<std::size_t>(low)]);
    return true;
}

// No "//", no "/./", no "/../", after decoding. Parameters behind ";" do not hide a dot segment.
bool has_bad_segment(std::string_view path) {
    std::size_t start = 1;
    while (start <= path.size()) {
        std::size_t end = path.find('/', start);
        if (end == std::string_view::npos)
            end = path.size();
        const std::string_view segment = path.substr(start, end - start);
        const std::string_view name = segment.substr(0, segment.find(';'));
        if (segment.empty() && end != path.size())
            return true;
        if (name == "." || name == "..")
            return true;
        start = end + 1;
    }
    return false;
}

Refused normalise(std::string_view path, std::string& scratch, std::string_view& result) {
    bool escaped = false;
    for (const char c : path) {
        if (c == '%') {
            escaped = true;
        } else if (!is_path_character(c)) {
            return kBadPath;
        }
    }
    result = path;
    if (escaped) {
        scratch.clear();
        for (std::size_t i = 0; i < path.size(); ++i) {
            if (path[i] != '%') {
                scratch.push_back(path[i]);
                continue;
            }
            if (!append_escape(path, i, scratch))
                return kBadPath;
            i += 2;
        }
        result = scratch;
    }
    if (has_bad_segment(result))
        return kBadPath;
    return {};
}

// Takes "http://authority" off the front; what is left begins with "/" or "?" or is empty.
bool take_authority(std::string_view& target, std::string_view& authority) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (target.size() < scheme.size() || !equals_ignoring_case(target.substr(0, scheme.size()), scheme))
            continue;
        target.remove_prefix(scheme.size());
        authority = target.substr(0, target.find_first_of("/?"));
        target.remove_prefix(authority.size());
        return valid_host(authority);
    }
    return false;
}

bool valid_query(std::string_view query) {
    for (const char c : query) {
        if (c <= ' ' || c == 0x7f || c == '#' || c == '\\' || c == '"' || c == '<' || c == '>')
            return false;
    }
    return true;
}

bool valid_ipv6(std::string_view text) {
    if (text.size() < 2 || text.size() > 45)
        return false;
    for (const char c : text) {
        if (hex_value(c) < 0 && c != ':' && c != '.')
            return false;
    }
    return text.find(':') != std::string_view::npos;
}

}  // namespace

Refused read_target(std::string_view target, Method method, std::string& scratch, Target& result) {
    result = {};
    if (target == "*") {
        if (method != Method::options)
            return kBadTarget;
        result.path = target;
        return {};
    }
    if (!target.empty() && target.front() != '/' && !take_authority(target, result.authority))
        return kBadTarget;
    const std::size_t mark = target.find('?');
    std::string_view path = target.substr(0, mark);
    if (mark != std::string_view::npos)
        result.query = target.substr(mark + 1);
    if (!valid_query(result.query))
        return kBadTarget;
    if (path.empty()) {
        if (result.authority.empty())
            return kBadTarget;
        path = "/";
    }
    return normalise(path, scratch, result.path);
}

bool valid_host(std::string_view host) {
    if (host.empty() || host.size() > 260)
        return false;
    std::string_view port;
    bool with_port = false;
    if (host.front() == '[') {
        const std::size_t close = host.find(']');
        if (close == std::string_view::npos || !valid_ipv6(host.substr(1, close - 1)))
            return false;
        const std::string_view rest = host.substr(close + 1);
        with_port = !rest.empty();
        if (with_port && rest.front() != ':')
            return false;
        if (with_port)
            port = rest.substr(1);
    } else {
        const std::size_t colon = host.find(':');
        with_port = colon != std::string_view::npos;
        if (with_port)
            port = host.substr(colon + 1);
        const std::string_view name = host.substr(0, colon);
        if (name.empty())
            return false;
        for (const char c : name) {
            if (!is_unreserved(c))
                return false;
        }
    }
    if (!with_port)
        return true;
    if (port.empty() || port.size() > 5)
        return false;
    unsigned number = 0;
    for (const char c : port) {
        if (!is_digit(c))
            return false;
        number = number * 10 + static_cast<unsigned>(c - '0');
    }
    return number > 0 && number <= 65535;
}

}  // namespace tidegate::http
