// What a shadow candidate is held against: part of a feature's `shadow`.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/money.h>
#include <tidegate/yaml/cursor.h>

#include <chrono>
#include <cstdint>
#include <optional>

namespace tidegate::release {

// Shares are 0 … 1. What is nothing is not checked.
struct ShadowThresholds {
    double disagreement = 0.15;
    Duration p95 = std::chrono::seconds{3};
    std::optional<double> guardrail_trips;     // of runs with at least one
    std::optional<NanoDollars> cost_per_call;  // on the average
    // Before these there is no verdict.
    std::uint64_t minimum_pairs = 200;
    Duration minimum_time = std::chrono::hours{24 * 14};

    bool operator==(const ShadowThresholds&) const = default;
};

// Reads `thresholds`, `minimum_pairs` and `minimum_time` of the map at `shadow`; its other keys are left alone.
ShadowThresholds parse_shadow_thresholds(const yaml::Cursor& shadow);

}  // namespace tidegate::release
