#include <tidegate/events/call_record.h>

#include <array>

namespace tidegate::events {
namespace {

constexpr std::array<std::string_view, 10> kOutcomes = {
    "ok",      "fallback", "degraded",       "cached",  "client_error",
    "blocked", "rejected", "upstream_error", "timeout", "cancelled"};

constexpr std::array<std::string_view, 3> kShadowRoles = {"candidate", "noise", "baseline"};

}  // namespace

std::string_view to_string(Outcome outcome) {
    return kOutcomes.at(static_cast<std::size_t>(outcome));
}

std::optional<Outcome> parse_outcome(std::string_view name) {
    for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
        if (kOutcomes[i] == name)
            return static_cast<Outcome>(i);
    }
    return std::nullopt;
}

std::string_view to_string(UsageKind kind) {
    switch (kind) {
        case UsageKind::none:
            return "none";
        case UsageKind::reported:
            return "reported";
        case UsageKind::bounded:
            return "bounded";
    }
    return "none";
}

std::string_view to_string(ShadowRole role) {
    return kShadowRoles.at(static_cast<std::size_t>(role));
}

std::optional<ShadowRole> parse_shadow_role(std::string_view name) {
    for (std::size_t i = 0; i < kShadowRoles.size(); ++i) {
        if (kShadowRoles[i] == name)
            return static_cast<ShadowRole>(i);
    }
    return std::nullopt;
}

std::size_t memory_of(const CallRecord& record) {
    std::size_t bytes = sizeof record + record.attempts.size() * (sizeof(Attempt) + 128) + 512;
    bytes += record.request.kept() + record.answer.kept() + record.live_answer.kept() +
             record.error_message.size() + record.answered_model.size();
    for (const std::string& text : record.context) bytes += text.size();
    for (const auto& [name, value] : record.attributes) bytes += name.size() + value.size() + 64;
    return bytes;
}

}  // namespace tidegate::events
