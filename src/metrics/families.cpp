#include "metrics/families.h"

#include <limits>

namespace tidegate::metrics {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric& Families::add(const std::string& name, const std::string& help, MetricType type,
                            const Labels& labels) {
    Family& family = families_.try_emplace(name, Family{help, type, {}}).first->second;
    const auto [entry, is_new] = family.metrics.try_emplace(labels);
    if (is_new) {
        for (const auto& [label, value] : labels) entry->second.label.push_back({label, value});
    }
    return entry->second;
}

void Families::counter(const std::string& name, const std::string& help, const Labels& labels, double value) {
    add(name, help, MetricType::Counter, labels).counter.value += value;
}

void Families::gauge(const std::string& name, const std::string& help, const Labels& labels, double value) {
    add(name, help, MetricType::Gauge, labels).gauge.value = value;
}

void Families::histogram(const std::string& name, const std::string& help, const Labels& labels,
                         const Histogram& histogram) {
    ClientMetric::Histogram& out = add(name, help, MetricType::Histogram, labels).histogram;
    const auto counts = histogram.counts();
    out.bucket.resize(counts.size());
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        cumulative += counts[i];
        out.bucket[i].cumulative_count += cumulative;
        out.bucket[i].upper_bound =
            i < histogram.bounds().size() ? histogram.bounds()[i] : std::numeric_limits<double>::infinity();
    }
    out.sample_count += cumulative;
    out.sample_sum += histogram.sum();
}

std::vector<MetricFamily> Families::take() {
    std::vector<MetricFamily> taken;
    for (auto& [name, family] : families_) {
        MetricFamily& out = taken.emplace_back(MetricFamily{name, family.help, family.type, {}});
        for (auto& [labels, metric] : family.metrics) out.metric.push_back(std::move(metric));
    }
    families_.clear();
    return taken;
}

}  // namespace tidegate::metrics
