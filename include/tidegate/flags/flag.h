// The flag of a feature: which variant a call gets.
//
// Rules are tried as written, the first whose conditions all hold decides, else the default `serve`. What is
// served is one variant or a share of several; a share is given by a hash of the feature and the unit (the
// user, by default), the same that flagd core 0.15 and later computes for weights that total 10,000. So the
// variant of a unit is stable, and the first variant's cohort only grows while its weight grows.
#pragma once

#include <tidegate/flags/attributes.h>
#include <tidegate/flags/condition.h>
#include <tidegate/yaml/cursor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::flags {

inline constexpr int kTotalWeight = 10'000;  // hundredths of a percent

// What a rule, or the default, serves: one variant, or several by weight. Immutable.
class Serve {
  public:
    struct Share {
        std::string variant;
        std::size_t index = 0;  // into Flag::variants
        int weight = 0;         // hundredths of a percent
        int end = 0;            // buckets below it, and not below an earlier share's, are this variant's

        bool operator==(const Share&) const = default;
    };

    Serve() = default;
    // `shares` in written order, weights totalling kTotalWeight; `end` is worked out here.
    explicit Serve(std::vector<Share> shares);

    const std::vector<Share>& shares() const { return shares_; }
    // True if one variant has it all, so that no unit is needed.
    bool is_fixed() const { return largest().weight == kTotalWeight; }
    // What is served without a unit: the largest share, on a tie the last written.
    const Share& largest() const { return shares_[largest_]; }
    // The share of a bucket from 0 to kTotalWeight - 1.
    const Share& at(int bucket) const;

  private:
    std::vector<Share> shares_{{}};
    std::size_t largest_ = 0;
};

struct Rule {
    std::string name;
    std::vector<Condition> when;  // and-ed
    Serve serve;
};

// Whose variant stays the same.
struct CohortBy {
    enum class Kind : std::uint8_t { user, conversation, attribute };
    Kind kind = Kind::user;
    std::string attribute;  // of kind `attribute`

    bool operator==(const CohortBy&) const = default;
};

// A value type, immutable once parsed; shared between threads by the snapshot.
struct Flag {
    std::string name;  // of the feature: what is hashed
    std::vector<std::string> variants;
    CohortBy cohort_by;
    std::vector<Rule> rules;
    Serve serve;
};

// Reads the keys `cohort_by`, `targeting` and `serve` of a feature; the caller calls `finish()`. `serve` may be
// absent if there is only one variant.
Flag parse_flag(const yaml::Cursor& feature, std::string name, const std::vector<std::string>& variants);

// Reads `stable` or `{next: 10, stable: 90}`; percentages have at most two decimals and total 100.
Serve parse_serve(const yaml::Cursor& at, const std::vector<std::string>& variants);

// The share of units (0 to 1) that get another variant although the new weights would not need it, exact over
// all buckets: another order of weights moves units, growth of the first does not. With another unit
// (`same_unit` false) everyone is dealt anew. Variants are compared by name.
double moved_share(const Serve& before, const Serve& after, bool same_unit = true);

struct MovedUnits {
    std::string rule;  // empty: the default serve
    double share = 0;  // of the units that the rule serves
};
// The same for the default and for each rule that both have by name; only shares above zero.
std::vector<MovedUnits> moved_units(const Flag& before, const Flag& after);

}  // namespace tidegate::flags
