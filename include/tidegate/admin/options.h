// Who may use the admin port: `admin:` of the configuration.
#pragma once

#include <tidegate/base/digest.h>
#include <tidegate/base/result.h>
#include <tidegate/yaml/cursor.h>

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::admin {

// Each may do what those before it may.
enum class Role {
    viewer,     // reads
    operator_,  // "operator": also reads the configuration and reloads it
    admin,
};
std::string_view to_string(Role role);

// GET /metrics where the port is not bound to loopback; on loopback it is always open.
enum class MetricsPolicy { token, open };

struct Token {
    std::string name;             // for the operator's log
    std::vector<Digest> digests;  // more than one while a token is being replaced
    Role role = Role::viewer;
    bool content = false;               // may see prompts and answers
    std::vector<std::string> features;  // may see only these, and nothing of the process as a whole; empty: all
};

struct Options {
    MetricsPolicy metrics = MetricsPolicy::token;
    // Empty: everybody who reaches the port has every right, so it may be bound to loopback only.
    std::vector<Token> tokens;
};

// `at` is `admin`, present or not.
Options parse_options(const yaml::Cursor& at);

// Fails if a port without tokens would be reachable from elsewhere. `address` is `server.admin`.
Result<> check(const Options& options, std::string_view address);

}  // namespace tidegate::admin
