// Who asks, and what they may see.
#pragma once

#include "admin/answer.h"

#include <tidegate/admin/options.h>
#include <tidegate/base/result.h>
#include <tidegate/http/request.h>

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::admin {

struct Caller {
    std::string name;
    Role role = Role::viewer;
    bool content = false;
    std::vector<std::string> features;  // empty: all

    bool limited() const { return !features.empty(); }
    bool sees(std::string_view feature) const;
};

// Everybody on a port without tokens; with tokens whoever holds one. The refusal never says which part was
// wrong.
struct Identified {
    std::optional<Caller> caller;
    Answer refusal;  // if there is no caller
};
Identified identify(const http::Request& request, const Options& options, bool loopback);

// Whether a browser cannot have been talked into this request: the name in `Host` is loopback's own (no DNS
// rebinding) and `Origin`, if there is one, is this very server. For requests that carry no token.
bool is_local(const http::Request& request);

// Whether /metrics needs no token.
bool metrics_open(const Options& options, bool loopback);

}  // namespace tidegate::admin
