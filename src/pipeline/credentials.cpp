#include "pipeline/credentials.h"

#include <tidegate/base/text.h>

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

// Two different credentials leave open who is calling.
bool contradictory(const http::Request& request) {
    std::optional<std::string_view> first;
    const auto differs = [&first](std::string_view value) {
        if (first && *first != value)
            return true;
        first = value;
        return false;
    };
    for (const http::Field& field : request.fields) {
        if (equals_ignoring_case(field.name, "authorization")) {
            if (differs(without_scheme(field.value)))
                return true;
            continue;
        }
        for (const std::string_view name : kKeyHeaders) {
            if (equals_ignoring_case(field.name, name) && differs(trim(field.value)))
                return true;
        }
    }
    return false;
}

}  // namespace

std::optional<Unauthorized> check_credentials(const http::Request& request, const FeatureTable& table) {
    if (contradictory(request)) {
        return Unauthorized{400, "invalid_request", "Two different credentials were sent; send one."};
    }
    if (!table.anonymous) {
        return Unauthorized{
            401, "unauthorized",
            "Callers need an access key, and none is configured; `access.anonymous: true` serves everyone."};
    }
    return std::nullopt;
}

}  // namespace tidegate::pipeline
