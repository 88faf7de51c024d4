// What Prometheus expects of every process: `process_*`, read from /proc.
#pragma once

#include <vector>

#include <prometheus/metric_family.h>

namespace tidegate::metrics {

// Appends the families; those that cannot be read are left out.
void collect_process(std::vector<prometheus::MetricFamily>& families);

}  // namespace tidegate::metrics
