#include "http/head_validator.h"

#include "http/characters.h"
#include "http/head_parser.h"

#include <tidegate/base/text.h>
#include <tidegate/http/header_lines.h>

#include <algorithm>

namespace tidegate::http {
namespace {

constexpr Refused kBadHost =
    refuse("The Host field is missing, repeated, malformed or not that of the target.");
constexpr Refused kBadLength = refuse("The Content-Length field is malformed or repeated.");
constexpr Refused kBadCoding =
    refuse("The Transfer-Encoding field is malformed; only `chunked` is understood.");
constexpr Refused kUnknownCoding{501, "not_implemented", "Only the transfer coding `chunked` is implemented."};
constexpr Refused kUpgrade{501, "not_implemented", "This server does not upgrade connections."};

bool is(std::string_view name, std::string_view lower) {
    return equals_ignoring_case(name, lower);
}

}  // namespace

// Which fields that may come once have come.
struct Head::Framers {
    bool host = false;
    bool length = false;
    bool coding = false;
    bool expect = false;
    bool authorization = false;
    bool content_type = false;
};

Refused Head::read(std::string_view head, Method its_method, bool is_http_1_0) {
    method = its_method;
    http_1_0 = is_http_1_0;
    expects_continue = false;
    framing = Framing::none;
    content_length = 0;
    host = {};
    named_.clear();
    hidden_ = 0;
    close_ = wants_keep_alive_ = false;
    if (!HeadParser::parse(head, target, fields))
        return refuse("The head is malformed.");
    Framers seen;
    for (const Field& field : fields) {
        const Refused refused = read_field(field, seen);
        if (refused)
            return refused;
    }
    return finish(seen);
}

Refused Head::read_field(const Field& field, Framers& seen) {
    const auto [name, value] = field;
    if (!is_token(name))
        return refuse("The name of a header field is malformed.");
    constexpr Refused kTwice = refuse("A header field that may come once is repeated.");
    const auto twice = [](bool& flag) { return std::exchange(flag, true); };
    switch (name.size()) {
        case 4:
            if (!is(name, "host"))
                break;
            if (twice(seen.host) || !valid_host(value))
                return kBadHost;
            host = value;
            return {};
        case 6:
            if (!is(name, "expect"))
                break;
            ++hidden_;
            if (twice(seen.expect) || !is(value, "100-continue"))
                return refuse("The Expect field is not understood.");
            expects_continue = !http_1_0;
            return {};
        case 7:
            if (is(name, "upgrade"))
                return kUpgrade;
            break;
        case 10:
            if (!is(name, "connection"))
                break;
            ++hidden_;
            return read_connection(value);
        case 12:
            if (is(name, "content-type") && twice(seen.content_type))
                return kTwice;
            return {};
        case 13:
            if (is(name, "authorization") && twice(seen.authorization))
                return kTwice;
            return {};
        case 14:
            if (is(name, "content-length"))
                return read_length(value, twice(seen.length));
            if (is(name, "http2-settings"))
                return kUpgrade;
            return {};
        case 17:
            if (!is(name, "transfer-encoding"))
                break;
            ++hidden_;
            return read_coding(value, twice(seen.coding));
        default:
            break;
    }
    if (is_hop_by_hop(name))
        ++hidden_;
    return {};
}

Refused Head::read_length(std::string_view value, bool again) {
    if (again || framing == Framing::chunked || value.empty() || value.size() > 18)
        return kBadLength;
    if (value.size() > 1 && value.front() == '0')
        return kBadLength;  // some would read it as octal
    for (const char c : value) {
        if (!is_digit(c))
            return kBadLength;
        content_length = content_length * 10 + static_cast<std::uint64_t>(c - '0');
    }
    framing = Framing::length;
    return {};
}

Refused Head::read_coding(std::string_view value, bool again) {
    if (again || framing == Framing::length || http_1_0)
        return kBadCoding;
    if (value != "chunked") {
        for (const std::string_view coding : {"gzip", "deflate", "compress", "br", "zstd"}) {
            if (value == coding)
                return kUnknownCoding;
        }
        return kBadCoding;
    }
    framing = Framing::chunked;
    return {};
}

Refused Head::read_connection(std::string_view value) {
    while (!value.empty()) {
        const std::size_t comma = value.find(',');
        const std::string_view option = trim(value.substr(0, comma));
        value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
        if (!is_token(option))
            return refuse("The Connection field is malformed.");
        if (is(option, "close")) {
            close_ = true;
        } else if (is(option, "keep-alive")) {
            wants_keep_alive_ = true;
        } else if (is(option, "upgrade")) {
            return kUpgrade;
        } else if (is(option, "host") || is(option, "content-length") || is(option, "transfer-encoding")) {
            return refuse("The Connection field names a field that frames the message.");
        } else {
            named_.push_back(option);
        }
    }
    return {};
}

Refused Head::finish(const Framers& seen) {
    if (!seen.host && !http_1_0)
        return kBadHost;
    const Refused refused = read_target(target, method, path_scratch, parts);
    if (refused)
        return refused;
    if (!parts.authority.empty() && seen.host && !equals_ignoring_case(parts.authority, host))
        return kBadHost;
    if (host.empty())
        host = parts.authority;
    keep_alive = http_1_0 ? wants_keep_alive_ && !close_ : !close_;
    if (hidden_ > 0 || !named_.empty())
        hide_hop_by_hop();
    return {};
}

void Head::hide_hop_by_hop() {
    std::erase_if(fields, [this](const Field& field) {
        if (is_hop_by_hop(field.name))
            return true;
        return std::any_of(named_.begin(), named_.end(),
                           [&](std::string_view name) { return is(field.name, name); });
    });
}

}  // namespace tidegate::http
