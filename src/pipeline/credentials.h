// Who calls: the same policy for each of the four headers that carry a credential, on every route.
#pragma once

#include <tidegate/http/request.h>
#include <tidegate/pipeline/feature_table.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::pipeline {

struct Unauthorized {
    int status;
    std::string_view code;
    std::string message;
    std::string header_lines;
};

struct Caller {
    const access::Key* key = nullptr;  // null: anonymous; lives as long as the table
    std::optional<Unauthorized> refused;
};

// With access keys a caller has one of them. Without keys everyone is anonymous, or nobody is served: whatever
// credential an SDK insists on sending is ignored then. It is never forwarded.
Caller find_caller(const http::Request& request, const FeatureTable& table);

// What the caller may name as the model: features, then plain models.
std::vector<std::string> visible_names(const access::Key* key, const FeatureTable& table);
// Whether it is one of them.
bool is_visible(const access::Key* key, const FeatureTable& table, std::string_view name);

}  // namespace tidegate::pipeline
