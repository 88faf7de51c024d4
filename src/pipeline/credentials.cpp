#include "pipeline/credentials.h"

#include <tidegate/base/text.h>

#include <algorithm>
#include <array>

namespace tidegate::pipeline {
namespace {

constexpr std::array<std::string_view, 3> kKeyHeaders{"x-api-key", "api-key", "x-goog-api-key"};

std::string_view without_scheme(std::string_view value) {
    constexpr std::string_view kBearer = "bearer ";
    if (value.size() >= kBearer.size() && equals_ignoring_case(value.substr(0, kBearer.size()), kBearer)) {
        value.remove_prefix(kBearer.size());
    }
    return trim(value);
}

// Nothing if the field carries no credential.
std::optional<std::string_view> credential_in(const http::Field& field) {
    if (equals_ignoring_case(field.name, "authorization"))
        return without_scheme(field.value);
    const bool is_key = std::any_of(kKeyHeaders.begin(), kKeyHeaders.end(), [&](std::string_view name) {
        return equals_ignoring_case(field.name, name);
    });
    return is_key ? std::optional(trim(field.value)) : std::nullopt;
}

struct Presented {
    std::string_view credential;  // empty: none
    bool contradictory = false;   // two different ones leave open who is calling
};

Presented presented_by(const http::Request& request) {
    std::optional<std::string_view> first;
    for (const http::Field& field : request.fields) {
        const std::optional<std::string_view> credential = credential_in(field);
        if (!credential)
            continue;
        if (first && *first != *credential)
            return {.credential = {}, .contradictory = true};
        first = credential;
    }
    return {.credential = first.value_or(""), .contradictory = false};
}

// The same words whether a credential is missing or wrong.
Unauthorized unauthorized(const FeatureTable& table) {
    return {
        401, "unauthorized",
        table.keys.empty()
            ? "Callers need an access key, and none is configured; `access.anonymous: true` serves everyone."
            : "This needs an access key: `Authorization: Bearer <key>`, or the header x-api-key, api-key or "
              "x-goog-api-key.",
        "www-authenticate: Bearer\r\n"};
}

}  // namespace

Caller find_caller(const http::Request& request, const FeatureTable& table) {
    const Presented presented = presented_by(request);
    Caller caller;
    if (presented.contradictory) {
        caller.refused =
            Unauthorized{400, "invalid_request", "Two different credentials were sent; send one.", {}};
        return caller;
    }
    caller.key = table.keys.find(presented.credential);
    const bool anonymous = table.anonymous && table.keys.empty();
    if (caller.key == nullptr && !anonymous)
        caller.refused = unauthorized(table);
    return caller;
}

std::vector<std::string> visible_names(const access::Key* key, const FeatureTable& table) {
    std::vector<std::string> names;
    if (key == nullptr) {
        for (const auto& [name, feature] : table.features) names.push_back(name);
        return names;
    }
    names = key->features();
    names.insert(names.end(), key->models().begin(), key->models().end());
    return names;
}

bool is_visible(const access::Key* key, const FeatureTable& table, std::string_view name) {
    if (key == nullptr)
        return table.find(name) != nullptr;
    return key->may_use_feature(name) || key->may_use_model(name);
}

}  // namespace tidegate::pipeline
