#include "metrics/families.h"

#include <limits>

namespace tidegate::metrics {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric& Families::add(const std::string& name, const std::string& help, MetricType type, const Labels& labels) {
    auto& family = families_.try_emplace(name, MetricFamily{name, help, type, {}}).first->second;
    ClientMetric metric;
    for (const auto& [label, value] : labels) metric.label.push_back({label, value});
    family.metric.push_back(std::move(metric));
    return family.metric.back();
}

void Families::counter(const std::string& name, const std::string& help, const Labels& labels, double value) {
    add(name, help, MetricType::Counter, labels).counter.value = value;
}

void Families::gauge(const std::string& name, const std::string& help, const Labels& labels, double value) {
    add(name, help, MetricType::Gauge, labels).gauge.value = value;
}

void Families::histogram(const std::string& name, const std::string& help, const Labels& labels, const Histogram& histogram) {
    ClientMetric::Histogram& out = add(name, help, MetricType::Histogram, labels).histogram;
    const auto counts = histogram.counts();
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        cumulative += counts[i];
        const double bound = i < histogram.bounds().size() ? histogram.bounds()[i] : std::numeric_limits<double>::infinity();
        out.bucket.push_back({cumulative, bound});
    }
    out.sample_count = cumulative;
    out.sample_sum = histogram.sum();
}

std::vector<MetricFamily> Families::take() {
    std::vector<MetricFamily> families;
    for (auto& [name, family] : families_) families.push_back(std::move(family));
    families_.clear();
    return families;
}

}  // namespace tidegate::metrics
