// Collects samples by name, as the exposition format wants them: all of a name together, with one help and
// type, and no two with the same labels.
#pragma once

#include <tidegate/metrics/series.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

namespace tidegate::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Families {
  public:
    // Counters and histograms with equal labels are added up, of gauges the last stays: what is kept apart
    // inside (a model that moved to another provider, say) may share a series outside.
    void counter(const std::string& name, const std::string& help, const Labels& labels, double value);
    void gauge(const std::string& name, const std::string& help, const Labels& labels, double value);
    void histogram(const std::string& name, const std::string& help, const Labels& labels,
                   const Histogram& histogram);
    std::vector<prometheus::MetricFamily> take();

  private:
    struct Family {
        std::string help;
        prometheus::MetricType type = prometheus::MetricType::Untyped;
        std::map<Labels, prometheus::ClientMetric> metrics;
    };
    prometheus::ClientMetric& add(const std::string& name, const std::string& help, prometheus::MetricType type,
                                  const Labels& labels);

    std::map<std::string, Family> families_;
};

}  // namespace tidegate::metrics
