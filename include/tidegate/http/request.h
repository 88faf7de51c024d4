// A request that passed the strict validator, with its whole body.
#pragma once

#include <tidegate/base/clock.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace tidegate::http {

enum class Method { get, post, put, patch, delete_, head, options };
// "GET"
std::string_view to_string(Method method);

// One header field: the name as the client wrote it, the value without surrounding blanks.
struct Field {
    std::string_view name;
    std::string_view value;
};

// A plain struct of views, so that tests can make one. Given to a handler, its views live until the handler
// returns.
struct Request {
    // simdjson may read so far behind the body.
    static constexpr std::size_t kBodyPadding = 64;

    Method method = Method::get;
    // As received.
    std::string_view target;
    // Normalised once; routing and authorization both use this value. Begins with "/" ("*" for OPTIONS *);
    // escapes of unreserved characters are decoded, other escapes have upper-case digits; there are no empty or
    // dot segments, no escaped slashes, no backslashes and no control characters in any spelling: such requests
    // were refused.
    std::string_view path;
    // Behind the "?", as received.
    std::string_view query;
    // Without hop-by-hop fields: neither the well-known ones nor those that `Connection` names.
    std::span<const Field> fields;
    // Whole and decoded. At least `kBodyPadding` bytes behind it are readable (when it comes from a Server).
    std::string_view body;
    // The host that the client named, "" if none (HTTP/1.0).
    std::string_view host;
    // The client's IP address, without port.
    std::string_view peer;
    // When the last byte of the head came.
    SteadyTime received{};
    bool http_1_0 = false;
    // Whether the client wants the connection kept.
    bool keep_alive = true;
    bool tls = false;

    // The first field of that name, in any case.
    std::optional<std::string_view> header(std::string_view name) const;
    // How often a name occurs: whatever a decision depends on should occur once.
    std::size_t header_count(std::string_view name) const;
    template <class Function>
    void for_each_header(Function&& function) const {
        for (const Field& field : fields) function(field.name, field.value);
    }
};

}  // namespace tidegate::http
