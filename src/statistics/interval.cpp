#include <tidegate/statistics/interval.h>

#include <algorithm>
#include <cmath>

namespace tidegate::statistics {
namespace {

constexpr double kMostTrials = 1e9;

Interval wilson_of(double proportion, double trials, double z) {
    const double z2 = z * z;
    const double centre = proportion + z2 / (2 * trials);
    const double half = z * std::sqrt(proportion * (1 - proportion) / trials + z2 / (4 * trials * trials));
    const double scale = 1 + z2 / trials;
    return {std::max(0.0, (centre - half) / scale), std::min(1.0, (centre + half) / scale)};
}

}  // namespace

Interval wilson(std::uint64_t hits, std::uint64_t trials, double z) {
    if (trials == 0)
        return {0, 1};
    const auto count = static_cast<double>(trials);
    Interval interval = wilson_of(static_cast<double>(hits) / count, count, z);
    // What rounding leaves over of an end that is exact.
    if (hits == 0)
        interval.low = 0;
    if (hits == trials)
        interval.high = 1;
    return interval;
}

Interval difference(double a, Interval of_a, double b, Interval of_b) {
    return {a - b - std::hypot(a - of_a.low, of_b.high - b), a - b + std::hypot(of_a.high - a, b - of_b.low)};
}

std::optional<std::uint64_t> trials_to_decide(double proportion, double bound, double z) {
    const auto decides = [&](double trials) {
        const Interval interval = wilson_of(proportion, trials, z);
        return proportion < bound ? interval.high <= bound : interval.low > bound;
    };
    if (proportion == bound || !decides(kMostTrials))
        return std::nullopt;
    // The interval only narrows: halve.
    double undecided = 0;
    double decided = kMostTrials;
    while (decided - undecided > 1) {
        const double middle = std::floor((decided + undecided) / 2);
        (decides(middle) ? decided : undecided) = middle;
    }
    return static_cast<std::uint64_t>(decided);
}

double Moments::deviation() const {
    if (count < 2)
        return 0;
    const auto n = static_cast<double>(count);
    return std::sqrt(std::max(0.0, (squares - sum * sum / n) / (n - 1)));
}

std::optional<Interval> mean_interval(const Moments& moments, double z) {
    if (moments.count < 2)
        return std::nullopt;
    const double half = z * moments.deviation() / std::sqrt(static_cast<double>(moments.count));
    return Interval{moments.mean() - half, moments.mean() + half};
}

}  // namespace tidegate::statistics
