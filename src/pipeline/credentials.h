// Who may call: the same policy for each of the four headers that carry a credential.
#pragma once

#include <tidegate/http/request.h>
#include <tidegate/pipeline/feature_table.h>

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::pipeline {

struct Unauthorized {
    int status;
    std::string_view code;
    std::string message;
};

// Nothing if the caller may go on. Without access keys everyone is anonymous: whatever credential an SDK
// insists on sending is ignored, and never forwarded.
std::optional<Unauthorized> check_credentials(const http::Request& request, const FeatureTable& table);

}  // namespace tidegate::pipeline
