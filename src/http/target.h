// The request target: normalised once, and the host it names.
#pragma once

#include "http/refused.h"

#include <tidegate/http/request.h>

#include <string>
#include <string_view>

namespace tidegate::http {

struct Target {
    std::string_view path;       // into the target or into the scratch string
    std::string_view query;      // into the target
    std::string_view authority;  // of the absolute form, else empty
};

// Splits and normalises (see Request::path). `scratch` holds the path where it differs from the bytes received.
Refused read_target(std::string_view target, Method method, std::string& scratch, Target& result);

// Host or authority: a name, an IPv4 address or an IPv6 address in brackets, and perhaps a port. No userinfo,
// no escapes, not empty.
bool valid_host(std::string_view host);

}  // namespace tidegate::http
