#include "admin/access.h"

#include <tidegate/base/address.h>
#include <tidegate/base/text.h>

#include <algorithm>

namespace tidegate::admin {
namespace {

// A name for loopback, without the port.
bool is_loopback_name(std::string_view host) {
    if (host.starts_with('[')) {
        const std::size_t close = host.find(']');
        return close != std::string_view::npos && is_loopback(std::string(host.substr(0, close + 1)) + ":0");
    }
    host = host.substr(0, host.find(':'));
    return equals_ignoring_case(host, "localhost") || is_loopback(std::string(host) + ":0");
}

std::optional<std::string_view> bearer(const http::Request& request) {
    constexpr std::string_view scheme = "bearer ";
    // Two of them might be read differently by somebody in between.
    if (request.header_count("authorization") != 1)
        return std::nullopt;
    const std::string_view value = request.header("authorization").value_or("");
    if (value.size() < scheme.size() || !equals_ignoring_case(value.substr(0, scheme.size()), scheme))
        return std::nullopt;
    const std::string_view token = trim(value.substr(scheme.size()));
    if (token.empty())
        return std::nullopt;
    return token;
}

// Looks at every digest whatever it finds, so that the time tells nothing.
const Token* find_token(const std::vector<Token>& tokens, const Digest& digest) {
    const Token* found = nullptr;
    for (const Token& token : tokens) {
        for (const Digest& known : token.digests) {
            if (same_digest(known, digest))
                found = &token;
        }
    }
    return found;
}

Answer unauthorized() {
    Answer answer =
        error_answer(401, "unauthorized", "This needs an admin token: Authorization: Bearer <token>.");
    answer.header_lines += "www-authenticate: Bearer\r\n";
    return answer;
}

}  // namespace

bool Caller::sees(std::string_view feature) const {
    return features.empty() || std::find(features.begin(), features.end(), feature) != features.end();
}

bool is_local(const http::Request& request) {
    if (!is_loopback_name(request.host))
        return false;
    const std::size_t origins = request.header_count("origin");
    if (origins == 0)
        return true;
    return origins == 1 &&
           equals_ignoring_case(request.header("origin").value_or(""), "http://" + std::string(request.host));
}

bool metrics_open(const Options& options, bool loopback) {
    return loopback || (options.metrics == MetricsPolicy::open);
}

Identified identify(const http::Request& request, const Options& options, bool loopback) {
    Identified result;
    if (options.tokens.empty()) {
        if (!loopback) {
            result.refusal = unauthorized();
        } else if (!is_local(request)) {
            result.refusal = error_answer(
                403, "forbidden",
                "Without admin tokens only local clients are answered: Host must be a loopback name "
                "or address, and Origin this server.");
        } else {
            result.caller = Caller{.name = "local", .role = Role::admin, .content = true, .features = {}};
        }
        return result;
    }
    const std::optional<std::string_view> presented = bearer(request);
    const Token* token = presented ? find_token(options.tokens, digest_of(*presented)) : nullptr;
    if (token == nullptr) {
        result.refusal = unauthorized();
        return result;
    }
    result.caller = Caller{
        .name = token->name, .role = token->role, .content = token->content, .features = token->features};
    return result;
}

}  // namespace tidegate::admin
