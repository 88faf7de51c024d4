#include "admin/route.h"

#include <array>

namespace tidegate::admin {
namespace {

using http::Method;

constexpr std::array kExplainParameters{
    Parameter{"user", "The user to decide for."},
    Parameter{"conversation", "The conversation to decide for."},
    Parameter{"attr.*", "An attribute: true, false, a number, a quoted text or a plain text."},
};
constexpr std::array kCallsParameters{
    Parameter{"feature", "Only calls of this feature."},
    Parameter{"user", "Only calls of this user."},
    Parameter{"conversation", "Only calls of this conversation."},
    Parameter{"since", "From this time on: 2026-11-01, 2026-11-01T12:30:00Z, or how long ago (2h, 7d)."},
    Parameter{"until", "Before this time."},
    Parameter{"status", "An outcome (ok, fallback, timeout, …) or an HTTP status (429)."},
    Parameter{"limit", "At most so many, 1 to 1000; 50 if it is missing."},
    Parameter{"before", "Older than this call: `next` of the page before."},
    Parameter{"shadow", "`true`: runs of the shadow lane instead of the users' calls."},
};

constexpr std::array kShadowParameters{
    Parameter{"since",
              "Only runs from this time on: 2026-11-01, 2026-11-01T12:30:00Z, or how long ago (2h, 7d)."},
};

constexpr bool kWhole = true;
constexpr bool kOfFeatures = false;

constexpr std::array kRoutes{
    Route{Method::get,
          "/healthz",
          Access::anyone,
          Role::viewer,
          kOfFeatures,
          "health",
          "Whether the process lives.",
          {},
          answer_health},
    Route{Method::get,
          "/readyz",
          Access::anyone,
          Role::viewer,
          kOfFeatures,
          "readiness",
          "Whether new calls should be sent here; 503 with the reasons if not.",
          {},
          answer_readiness},
    Route{Method::get,
          "/metrics",
          Access::metrics,
          Role::viewer,
          kWhole,
          "metrics",
          "The metrics in Prometheus' text format.",
          {},
          answer_metrics},
    Route{Method::get,
          "/admin/v1/status",
          Access::token,
          Role::viewer,
          kOfFeatures,
          "status",
          "Readiness and counters of the process.",
          {},
          answer_status},
    Route{Method::get,
          "/admin/v1/config",
          Access::token,
          Role::operator_,
          kWhole,
          "config",
          "The configuration that serves, without secrets.",
          {},
          answer_config},
    Route{Method::post,
          "/admin/v1/reload",
          Access::token,
          Role::operator_,
          kWhole,
          "reload",
          "Reads the configuration again; answers when every thread has it, or why it was refused.",
          {},
          answer_reload},
    Route{Method::get,
          "/admin/v1/features",
          Access::token,
          Role::viewer,
          kOfFeatures,
          "features",
          "All features that the token may see.",
          {},
          answer_features},
    Route{Method::get,
          "/admin/v1/features/{feature}",
          Access::token,
          Role::viewer,
          kOfFeatures,
          "feature",
          "One feature.",
          {},
          answer_feature},
    Route{Method::get, "/admin/v1/features/{feature}/explain", Access::token, Role::viewer, kOfFeatures,
          "explain", "Which variant a call would get, and why.", kExplainParameters, answer_explain},
    Route{Method::get, "/admin/v1/calls", Access::token, Role::viewer, kOfFeatures, "calls",
          "Calls, newest first.", kCallsParameters, answer_calls},
    Route{Method::get,
          "/admin/v1/calls/{id}",
          Access::token,
          Role::viewer,
          kOfFeatures,
          "call",
          "The whole record of a call; prompt and answer only with the right `content`.",
          {},
          answer_call},
    Route{Method::get, "/admin/v1/shadow/{feature}", Access::token, Role::viewer, kOfFeatures, "shadow",
          "The verdict on a feature's shadow candidate, with its figures.", kShadowParameters, answer_shadow},
    Route{Method::get,
          "/admin/v1/openapi.json",
          Access::token,
          Role::viewer,
          kOfFeatures,
          "openapi",
          "This description.",
          {},
          answer_openapi},
};

// The first part between slashes, taken off the front.
std::string_view take_segment(std::string_view& path) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
    std::vector<std::string> values;
    while (pattern.starts_with('/') && path.starts_with('/')) {
        const std::string_view wanted = take_segment(pattern);
        const std::string_view given = take_segment(path);
        if (!wanted.starts_with('{')) {
            if (wanted != given)
                return std::nullopt;
            continue;
        }
        std::optional<std::string> value = decode_percent(given, false);
        if (!value || value->empty())
            return std::nullopt;
        values.push_back(std::move(*value));
    }
    if (!pattern.empty() || !path.empty())
        return std::nullopt;
    return values;
}

}  // namespace tidegate::admin
