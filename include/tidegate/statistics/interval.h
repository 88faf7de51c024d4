// Intervals that say how much a figure is worth. Both ends are one-sided bounds at `kConfidence`: the truth
// lies above the upper end, or below the lower end, in at most one case of twenty each.
#pragma once

#include <cstdint>
#include <optional>

namespace tidegate::statistics {

constexpr double kConfidence = 0.95;
// The normal quantiles of one-sided and of two-sided intervals at 95 %.
constexpr double kOneSided = 1.6448536269514722;
constexpr double kTwoSided = 1.9599639845400545;

struct Interval {
    double low = 0;
    double high = 0;
};

// Wilson's score interval of a proportion; [0, 1] without trials.
Interval wilson(std::uint64_t hits, std::uint64_t trials, double z = kOneSided);

// Newcombe's interval of the difference of two independent proportions, from their values and intervals.
Interval difference(double a, Interval of_a, double b, Interval of_b);

// How many trials it takes until `wilson` around `proportion` leaves `bound` on one side, if the proportion
// stays as it is. Nothing if it never would (they are equal), or only beyond a billion.
std::optional<std::uint64_t> trials_to_decide(double proportion, double bound, double z = kOneSided);

// A running mean with the variance of its values. Value type.
struct Moments {
    std::uint64_t count = 0;
    double sum = 0;
    double squares = 0;  // the sum of the squares

    void add(double value) {
        ++count;
        sum += value;
        squares += value * value;
    }
    double mean() const { return count == 0 ? 0 : sum / static_cast<double>(count); }
    // Of the values; 0 with fewer than two.
    double deviation() const;
};

// Of the mean, by the normal approximation; nothing with fewer than two values.
std::optional<Interval> mean_interval(const Moments& moments, double z = kOneSided);

}  // namespace tidegate::statistics
