// Who may use the admin port: `admin:` of the configuration.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/yaml/cursor.h>

#include <array>
#include <cstdint>
#include <optional>
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

// SHA-256 of a token.
using Digest = std::array<std::uint8_t, 32>;
Digest digest_of(std::string_view token);
// 64 hexadecimal digits, in either case.
std::optional<Digest> parse_digest(std::string_view hex);

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

// Whether `address` ("127.0.0.1:9900", "[::1]:0") is bound to loopback.
bool is_loopback(std::string_view address);
// Fails if a port without tokens would be reachable from elsewhere. `address` is `server.admin`.
Result<> check(const Options& options, std::string_view address);

}  // namespace tidegate::admin
