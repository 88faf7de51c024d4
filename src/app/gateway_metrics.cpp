// Metrics of what the parts know of themselves, asked at each scrape.
#include "app/gateway.h"

#include <tidegate/upstream/circuit_breaker.h>

namespace tidegate::app {

using metrics::Metrics;

void Gateway::observe_process() {
    events::Log& log = recorder_->log();
    metrics_.observe(Metrics::Kind::gauge, "tidegate_events_queued", "Call records that are not on disk yet.",
                     {}, [&log] { return static_cast<double>(log.stats().queued); });
    metrics_.observe(Metrics::Kind::counter, "tidegate_events_lost_total",
                     "Call records that can no longer be read.", {{"sink", "log"}},
                     [&log] { return static_cast<double>(log.stats().lost); });
    metrics_.observe(Metrics::Kind::gauge, "tidegate_events_held_back_bytes",
                     "Call records beyond records.keep_bytes that a sink has yet to take.", {},
                     [&log] { return static_cast<double>(log.stats().held_back); });
    metrics_.observe(Metrics::Kind::gauge, "tidegate_storage_failed",
                     "1 while the call records' log or the store cannot be written.", {{"part", "log"}},
                     [&log] { return log.works() ? 0.0 : 1.0; });
    metrics_.observe(Metrics::Kind::gauge, "tidegate_storage_failed",
                     "1 while the call records' log or the store cannot be written.", {{"part", "store"}},
                     [this] { return store_->works() ? 0.0 : 1.0; });
    metrics_.observe(Metrics::Kind::gauge, "tidegate_index_lag_seconds",
                     "How far the searchable index is behind the log.", {},
                     [this] { return std::chrono::duration<double>(recorder_->index_lag()).count(); });
    const auto sinks = recorder_->sinks();
    for (std::size_t i = 0; i < sinks.size(); ++i) {
        metrics_.observe(Metrics::Kind::counter, "tidegate_events_published_total",
                         "Call records that a sink has taken.", {{"sink", sinks[i].name}},
                         [this, i] { return static_cast<double>(recorder_->sinks()[i].published); });
        metrics_.observe(
            Metrics::Kind::gauge, "tidegate_events_lag_seconds",
            "Age of the oldest call record that a sink has yet to take.", {{"sink", sinks[i].name}},
            [this, i] { return std::chrono::duration<double>(recorder_->sinks()[i].lag).count(); });
    }
    observe_cache();
    metrics_.observe(Metrics::Kind::gauge, "tidegate_connections", "Open connections of clients.", {},
                     [this] { return static_cast<double>(api_server_->statistics().open()); });
    metrics_.observe(Metrics::Kind::counter, "tidegate_http_requests_refused_total",
                     "Requests that the strict validator or a limit refused.", {},
                     [this] { return static_cast<double>(api_server_->statistics().refused); });
    if (current_->listener.tls) {  // on or off only by a restart
        metrics_.observe(Metrics::Kind::gauge, "tidegate_certificate_expiry_timestamp_seconds",
                         "When the first certificate in the chain of server.tls expires.", {}, [this] {
                             const auto expiry = api_server_->certificate_expiry();
                             return static_cast<double>(expiry.time_since_epoch().count());
                         });
    }
}

void Gateway::observe_cache() {
    if (!cache_->in_memory()) {
        metrics_.observe(Metrics::Kind::counter, "tidegate_cache_failures_total",
                         "Look-ups and stores that the cache's server did not answer in time.", {},
                         [this] { return static_cast<double>(cache_->statistics().failures); });
        return;
    }
    metrics_.observe(Metrics::Kind::gauge, "tidegate_cache_entries", "Answers in memory.", {},
                     [this] { return static_cast<double>(cache_->statistics().entries); });
    metrics_.observe(Metrics::Kind::gauge, "tidegate_cache_bytes", "Memory of the answers in it.", {},
                     [this] { return static_cast<double>(cache_->statistics().bytes); });
    metrics_.observe(Metrics::Kind::counter, "tidegate_cache_evicted_total",
                     "Answers that went for want of room.", {},
                     [this] { return static_cast<double>(cache_->statistics().evicted); });
}

void Gateway::observe_circuits(const config::Snapshot& snapshot) {
    for (const auto& [name, model] : snapshot.features->models) {
        const std::string provider = model->provider->name;
        metrics_.observe(Metrics::Kind::gauge, "tidegate_circuit_state", "0 closed, 1 half open, 2 open.",
                         {{"provider", provider}, {"model", name}}, [this, breaker = model->breaker] {
                             switch (breaker->state(clock_.steady())) {
                                 case upstream::CircuitState::closed:
                                     return 0.0;
                                 case upstream::CircuitState::half_open:
                                     return 1.0;
                                 case upstream::CircuitState::open:
                                     return 2.0;
                             }
                             return 0.0;
                         });
    }
}

}  // namespace tidegate::app
