// What the record of a shadow run says beyond that of a call: it stands beside an answer that somebody else
// gave.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/money.h>
#include <tidegate/dialect/usage.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::events {

enum class ShadowRole {
    candidate,  // the candidate, beside the variant that answered the call
    noise,      // the variant that answered the call, once more: how much it differs from itself
    baseline,   // the candidate, beside what an existing system answered (POST /v1/shadow)
};
std::string_view to_string(ShadowRole role);
std::optional<ShadowRole> parse_shadow_role(std::string_view name);

// What one way of comparing found.
struct Comparison {
    std::string comparator;  // "exact", "normalised_text", "token_similarity", "json_structure", …
    double similarity = 0;   // 0 … 1, kept to four decimals
    bool agrees = false;

    bool operator==(const Comparison&) const = default;
};

// The answer that the run is compared with. Of a baseline only the text is known.
struct LiveSide {
    std::string call;     // its call's id
    std::string variant;  // that answered
    std::string model;
    std::string prompt;
    std::string finish_reason;
    dialect::Usage usage;
    NanoDollars cost;
    Duration latency{};  // of the attempt that answered
    std::int64_t trips = 0;

    bool operator==(const LiveSide&) const = default;
};

struct Shadow {
    ShadowRole role = ShadowRole::candidate;
    LiveSide live;
    // Of the content of the variant that ran (model, prompt, parameters): figures of two contents do not mix.
    std::string variant_hash;
    // False: what became of the run says nothing of the variant (no money left, shut down, …).
    bool counts = false;
    Duration latency{};      // of the run
    std::int64_t trips = 0;  // guardrails that tripped in the run
    // A run that counts and failed disagrees. Nothing if it does not count, or an answer was too long to
    // compare.
    std::optional<bool> disagrees;
    std::vector<Comparison> comparisons;

    bool operator==(const Shadow&) const = default;
};

}  // namespace tidegate::events
