// Quantiles of a sample, with the order statistics that bound them: no assumption about the distribution.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tidegate::statistics {

// Ranks from 1, in the sorted sample.
struct QuantileRanks {
    std::uint64_t point = 1;            // ⌈q·n⌉
    std::optional<std::uint64_t> low;   // the quantile is at least this value; none: too few values to say
    std::optional<std::uint64_t> high;  // at most this value
};

// Of a sample of `count` values (at least 1), for 0 < q < 1; each bound holds with `kConfidence`.
QuantileRanks quantile_ranks(std::uint64_t count, double q);

// The smallest sample that has an upper bound for `q`: 59 for 0.95.
std::uint64_t values_for_upper_bound(double q);

struct Quantile {
    std::int64_t value = 0;
    std::optional<std::int64_t> low;
    std::optional<std::int64_t> high;
};

// Reorders `values`; nothing if there are none.
std::optional<Quantile> quantile(std::vector<std::int64_t>& values, double q);

}  // namespace tidegate::statistics
