#include <tidegate/metrics/series.h>

#include <algorithm>

namespace tidegate::metrics {
namespace {

// From a cached answer to the longest streams.
std::vector<double> latency_bounds() {
    return {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120};
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

void Histogram::observe(Duration value) {
    const double seconds = std::chrono::duration<double>(value).count();
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), seconds) - bounds_.begin();
    counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_nanoseconds_.fetch_add(value.count(), std::memory_order_relaxed);
}

std::vector<std::uint64_t> Histogram::counts() const {
    std::vector<std::uint64_t> counts;
    counts.reserve(counts_.size());
    for (const auto& count : counts_) counts.push_back(count.load(std::memory_order_relaxed));
    return counts;
}

double Histogram::sum() const {
    return static_cast<double>(sum_nanoseconds_.load(std::memory_order_relaxed)) / 1e9;
}

RequestSeries::RequestSeries() : duration(latency_bounds()), first_token(latency_bounds()) {}

UpstreamSeries::UpstreamSeries() : duration(latency_bounds()) {}

Counter& UpstreamSeries::attempts(std::string_view outcome) {
    const auto found = std::find(kAttemptOutcomes.begin(), kAttemptOutcomes.end(), outcome);
    return outcomes[found == kAttemptOutcomes.end()
                        ? 1
                        : static_cast<std::size_t>(found - kAttemptOutcomes.begin())];
}

}  // namespace tidegate::metrics
