#include <tidegate/statistics/interval.h>
#include <tidegate/statistics/quantile.h>

#include <algorithm>
#include <cmath>

namespace tidegate::statistics {
namespace {

// Beyond so many deviations from the mean, the probability of a binomial count is nothing.
constexpr double kReach = 12;

// P(B = k) for B binomial(n, q).
double binomial(double n, double k, double q) {
    return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(q) +
                    (n - k) * std::log1p(-q));
}

}  // namespace

// The number of values below the quantile is binomial(n, q): the value of rank r is at or above it with
// P(B ≤ r - 1), at or below it with P(B ≥ r).
QuantileRanks quantile_ranks(std::uint64_t count, double q) {
    const auto n = static_cast<double>(count);
    const double reach = kReach * std::sqrt(n * q * (1 - q)) + kReach;
    constexpr double kRisk = 1 - kConfidence;
    QuantileRanks ranks;
    ranks.point = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(q * n)), 1, count);

    double tail = 0;
    double k = std::floor(std::min(n, q * n + reach));
    for (; k >= 1; --k) {
        tail += binomial(n, k, q);
        if (tail > kRisk)
            break;
    }
    // P(B ≥ k + 1) is still within the risk.
    if (k + 1 <= n)
        ranks.high = static_cast<std::uint64_t>(k) + 1;

    tail = 0;
    k = std::ceil(std::max(0.0, q * n - reach));
    for (; k <= n; ++k) {
        tail += binomial(n, k, q);
        if (tail > kRisk)
            break;
    }
    // P(B ≤ k - 1) is still within the risk.
    if (k >= 1)
        ranks.low = static_cast<std::uint64_t>(k);
    return ranks;
}

std::uint64_t values_for_upper_bound(double q) {
    return static_cast<std::uint64_t>(std::ceil(std::log(1 - kConfidence) / std::log(q)));
}

std::optional<Quantile> quantile(std::vector<std::int64_t>& values, double q) {
    if (values.empty())
        return std::nullopt;
    const QuantileRanks ranks = quantile_ranks(values.size(), q);
    const auto value_of = [&](std::uint64_t rank) {
        const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank - 1);
        std::nth_element(values.begin(), place, values.end());
        return *place;
    };
    Quantile quantile;
    quantile.value = value_of(ranks.point);
    if (ranks.low)
        quantile.low = value_of(*ranks.low);
    if (ranks.high)
        quantile.high = value_of(*ranks.high);
    return quantile;
}

}  // namespace tidegate::statistics
