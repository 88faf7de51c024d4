// Every metric of the process, declared once. The names are promises: docs/metrics.md lists them.
//
// A series is made when the configuration first names its labels (at start or reload) and lives as long as the
// process, so that handles may be kept by snapshots and used from any thread. Labels come from the
// configuration and from fixed lists in the code, never from clients.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/money.h>
#include <tidegate/metrics/series.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::metrics {

class Metrics {
  public:
    // `version` and `revision` are the labels of tidegate_build_info.
    Metrics(const std::string& version, const std::string& revision);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // Resolved at reload: each takes a lock the first time and returns the same object ever after.
    RequestSeries& request_series(const std::string& feature, const std::string& variant,
                                  const std::string& model, const std::string& provider);
    UpstreamSeries& upstream(const std::string& provider, const std::string& model);
    Counter& cohort_unassigned(const std::string& feature);
    ShadowSeries& shadow(const std::string& feature, const std::string& variant);
    CacheSeries& cache(const std::string& feature);

    // Hot path, without labels.
    Gauge& requests_inflight();
    Histogram& gateway_overhead();

    // Rare events; takes a lock. `reason` is one of the error codes of the API, others count as "other".
    Counter& rejected(std::string_view reason);
    // All four are names of the configuration.
    Counter& fallback(const std::string& feature, const std::string& variant, const std::string& entry,
                      const std::string& reason);
    // `action`: the entry of `at_ceiling` that answered.
    Counter& budget_degraded(const std::string& feature, const std::string& action);
    // `account`: "users", "shadow", "evaluation"; `percent`: the level that it has reached.
    Counter& budget_level(const std::string& feature, const std::string& account, int percent);
    // `category` is one of the guardrail's kind.
    Counter& guardrail_trips(const std::string& feature, const std::string& variant,
                             const std::string& guardrail, const std::string& category,
                             const std::string& direction);

    // What other modules know of themselves, asked at every scrape, on the scraping thread, which holds no lock
    // of ours. A second one of the same name and labels replaces the first. What `value` refers to must outlive
    // this object's last `expose`.
    enum class Kind { gauge, counter };
    struct Label {
        std::string name;
        std::string value;
        bool operator==(const Label&) const = default;
    };
    void observe(Kind kind, const std::string& name, const std::string& help, std::vector<Label> labels,
                 std::function<double()> value);

    void reloaded(bool successful, WallTime now);

    // The Prometheus text format, version 0.0.4. Takes milliseconds: not on an I/O thread of the API port.
    std::string expose() const;

  private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace tidegate::metrics
