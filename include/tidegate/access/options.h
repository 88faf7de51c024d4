// Who may call, and how much: `access:` of the configuration.
#pragma once

#include <tidegate/base/digest.h>
#include <tidegate/base/money.h>
#include <tidegate/yaml/cursor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::access {

// The most that a key may take; what is not set is not limited.
struct Limits {
    std::optional<std::int64_t> requests_per_minute;
    std::optional<std::int64_t> tokens_per_minute;
    std::optional<std::int64_t> concurrent;  // requests in progress
};

struct KeyOptions {
    std::string name;             // for records and limits
    std::vector<Digest> digests;  // two while the key is being replaced
    // What it may call: nothing else, and not both empty.
    std::vector<std::string> features;
    std::vector<std::string> models;  // plain ones, as the feature `direct`
    Limits limits;
    std::optional<NanoDollars> monthly;  // spent in a calendar month
};

struct Options {
    // Callers without a key are served; never if there are keys.
    bool anonymous = false;
    std::vector<KeyOptions> keys;
};

// `at` is `access`, present or not; `listen` is `server.listen`, because everyone in a public network is served
// only if that is said twice. The names of features and models are not looked up here.
Options parse_options(const yaml::Cursor& at, std::string_view listen);

}  // namespace tidegate::access
