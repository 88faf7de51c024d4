// What an operator says about the cache.
//
//   cache: {url: "memory:256MiB"}                # or redis://[[user]:password@]host[:6379][/database]
//   features:
//     support-reply:
//       cache: {ttl: 10m, scope: feature}        # exists only if written
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace tidegate::yaml {
class Cursor;
}

namespace tidegate::cache {

struct MemoryOptions {
    std::uint64_t bytes = 256ULL << 20U;

    bool operator==(const MemoryOptions&) const = default;
};

struct RedisOptions {
    std::string host;  // a name or an address, an IPv6 one without brackets
    std::uint16_t port = 6379;
    std::string user;      // empty: Redis' default user
    std::string password;  // empty: none
    int database = 0;

    bool operator==(const RedisOptions&) const = default;
};

using Options = std::variant<MemoryOptions, RedisOptions>;

// The value of `cache.url`. The error does not quote it, because it may hold a password.
Result<Options> parse_url(std::string_view url);
// The key `cache` at the top.
Options parse_options(const yaml::Cursor& at);

// Who gets the answer that another caller's request was given.
enum class Scope {
    feature,  // every caller of the feature
    key,      // callers with the same access key
    user,     // the same user of the same access key
};

// The key `cache` of a feature.
struct Policy {
    Duration ttl = std::chrono::minutes{10};
    Scope scope = Scope::feature;
};
Policy parse_policy(const yaml::Cursor& at);

}  // namespace tidegate::cache
