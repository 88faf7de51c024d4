#include "http/characters.h"

#include <tidegate/base/text.h>
#include <tidegate/http/header_lines.h>

namespace tidegate::http {
namespace {

// Where the first control character is that must not stand in a value, else the size.
std::size_t find_end_of_value(std::string_view text) {
    std::size_t at = find_control(text, 0);
    while (at < text.size() && text[at] == '\t') at = find_control(text, at + 1);
    return at;
}

// The first letter tells most names apart without a call.
bool is(std::string_view name, std::string_view lower) {
    return (name.front() | 0x20) == lower.front() && equals_ignoring_case(name, lower);
}

// Fields that the connection writes itself.
bool is_framing(std::string_view name) {
    switch (name.size()) {
        case 4:
            return is(name, "date");
        case 7:
            return is(name, "trailer") || is(name, "upgrade");
        case 10:
            return is(name, "connection") || is(name, "keep-alive");
        case 14:
            return is(name, "content-length");
        case 17:
            return is(name, "transfer-encoding");
        default:
            return false;
    }
}

}  // namespace

bool append_header_line(std::string& lines, std::string_view name, std::string_view value) {
    if (!is_token(name) || find_end_of_value(value) < value.size())
        return false;
    lines.append(name).append(": ").append(value).append("\r\n");
    return true;
}

bool valid_header_lines(std::string_view lines) {
    while (!lines.empty()) {
        const std::size_t end = find_end_of_value(lines);
        if (lines.substr(end, 2) != "\r\n")
            return false;
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end + 2);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos)
            return false;
        const std::string_view name = line.substr(0, colon);
        if (!is_token(name) || is_framing(name))
            return false;
    }
    return true;
}

bool is_hop_by_hop(std::string_view name) {
    switch (name.size()) {
        case 2:
            return is(name, "te");
        case 6:
            return is(name, "expect");
        case 7:
            return is(name, "trailer") || is(name, "upgrade");
        case 10:
            return is(name, "connection") || is(name, "keep-alive");
        case 14:
            return is(name, "http2-settings");
        case 16:
            return is(name, "proxy-connection");
        case 17:
            return is(name, "transfer-encoding");
        case 18:
            return is(name, "proxy-authenticate");
        case 19:
            return is(name, "proxy-authorization");
        default:
            return false;
    }
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 425:
            return "Too Early";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        case 507:
            return "Insufficient Storage";
        case 529:
            return "Overloaded";
        default:
            return "Status";
    }
}

}  // namespace tidegate::http
