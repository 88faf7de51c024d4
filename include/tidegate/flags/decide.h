// The decision of a flag for one call, and its explanation. Pure functions, any thread.
#pragma once

#include <tidegate/flags/flag.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::flags {

// What a decision reads of a call. Only views: all of it must live until `decide` returns. An empty text is no
// value.
struct Context {
    std::optional<std::string_view> user;
    std::optional<std::string_view> conversation;
    const Attributes* attributes = nullptr;  // null: none
};

enum class Reason : std::uint8_t {
    fixed,            // no rules, one variant: STATIC
    fallthrough,      // rules, none matched, one variant; or weights without a unit: DEFAULT
    targeting_match,  // a rule, with or without weights: TARGETING_MATCH
    split,            // the default's weights: SPLIT
};
// As in OpenFeature: "STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT".
std::string_view to_string(Reason reason);

// Its views point into the flag.
struct Decision {
    std::string_view variant;
    std::size_t index = 0;  // into Flag::variants
    std::string_view rule;  // empty: the default serve
    Reason reason = Reason::fixed;
    std::optional<int> bucket;  // 0 to 9999, when weights decided
    bool unassigned = false;    // weights should have decided, but there was no unit
};

// Does not allocate (for a feature and unit of up to 512 bytes together).
Decision decide(const Flag& flag, const Context& context);

// The bucket of a unit: (uint64(murmur3_x86_32(feature ++ unit, seed 0)) * total) >> 32.
std::uint32_t hash_unit(std::string_view feature, std::string_view unit);
int bucket_of(std::uint32_t hash, int total = kTotalWeight);

// Why the decision is what it is.
struct Explanation {
    struct TriedRule {
        std::string_view name;
        bool matched = false;
        bool tried = false;  // false: an earlier one had matched
        std::string why;     // the conditions that do not hold: `plan is "free", must be in ["enterprise"]`
    };
    Decision decision;
    std::vector<TriedRule> rules;
    std::string unit_name;            // "user", "conversation" or the attribute
    std::optional<std::string> unit;  // its value
    std::optional<std::uint32_t> hash;
    const Serve* served = nullptr;  // the weights that applied; points into the flag

    // One JSON object, for the admin API and the command line.
    std::string json() const;
};
Explanation explain(const Flag& flag, const Context& context);

}  // namespace tidegate::flags
