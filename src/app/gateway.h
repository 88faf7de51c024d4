// The running gateway: makes every part, holds them in the order in which they need one another, publishes
// configurations, and takes everything down again.
#pragma once

#include "app/simulators.h"

#include <tidegate/admin/server.h>
#include <tidegate/async/io_threads.h>
#include <tidegate/base/clock.h>
#include <tidegate/cache/backend.h>
#include <tidegate/cache/flights.h>
#include <tidegate/calls/process_limits.h>
#include <tidegate/config/snapshot.h>
#include <tidegate/config/watcher.h>
#include <tidegate/events/recorder.h>
#include <tidegate/http/server.h>
#include <tidegate/ledger/ledger.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/api.h>
#include <tidegate/pipeline/shadow_recorder.h>
#include <tidegate/store/store.h>
#include <tidegate/upstream/client.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::app {

// Start, reload and drain block: they belong to the main thread, the watcher's or the admin port's change
// thread.
class Gateway {
  public:
    explicit Gateway(std::string config_path);
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    // Loads the configuration and starts to serve. Fails with what stands in the way, one line a problem.
    Result<void> start();
    // Whole or not at all; returns when every thread has the new configuration.
    admin::ReloadOutcome reload();
    // Not ready any more; streams finish or end with an error event at the configured deadline; records reach
    // the disk.
    void drain();

    std::string api_address() const { return api_server_->address(); }
    std::string admin_address() const { return admin_server_->address(); }

  private:
    // One I/O thread with what is its own.
    struct Worker {
        Worker(std::size_t index, const Clock& clock, pipeline::Services& services, cache::Backend& backend,
               std::shared_ptr<const pipeline::FeatureTable> table);

        async::IoThread io;
        upstream::Client client;
        std::unique_ptr<cache::Cache> cache;
        pipeline::ThreadState state;
    };

    config::Loaded load();
    Result<void> open_store(const std::string& url);
    ledger::Account* account(const std::string& name, ledger::AccountKind kind,
                             const ledger::AccountOptions& options);
    void apply_accounts(const config::Snapshot& snapshot);
    Result<void> open_recorder();
    Result<void> start_api();
    Result<void> start_admin();
    void publish(std::shared_ptr<const config::Snapshot> snapshot);
    void watch(const config::Loaded& loaded);
    // Warns where users are dealt anew beyond what new weights need.
    void warn_of_moved_users(const config::Snapshot& next, std::vector<std::string>& problems) const;
    // What a new configuration changes although only a restart can; empty if nothing.
    std::vector<std::string> needs_restart(const config::Snapshot& next) const;

    std::shared_ptr<const config::Snapshot> current() const;
    pipeline::Readiness readiness() const;
    admin::Services admin_services();
    std::vector<admin::FeatureEntry> features() const;
    Result<std::string> explain(const admin::ExplainQuestion& question) const;
    std::string status_json();
    // The shadow lane: takes no more runs; ends those in progress and records them.
    void open_shadow();
    void drain_shadow();
    void end_shadow();
    Result<std::string> shadow_report(const std::string& name, std::optional<WallTime> since);
    void observe_process();
    void observe_cache();
    void observe_circuits(const config::Snapshot& snapshot);

    const std::string config_path_;
    SystemClock clock_;
    metrics::Metrics metrics_;
    calls::ProcessLimits limits_;
    cache::Flights flights_;
    std::unique_ptr<cache::Backend> cache_;
    Simulators simulators_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<ledger::Ledger> ledger_;
    std::map<std::pair<ledger::AccountKind, std::string>, ledger::Account*> accounts_;  // the ledger's
    std::unique_ptr<events::Recorder> recorder_;
    mutable std::mutex current_mutex_;
    std::shared_ptr<const config::Snapshot> current_;
    std::mutex reload_mutex_;
    std::atomic<bool> draining_{false};
    std::unique_ptr<pipeline::Services> services_;
    std::unique_ptr<pipeline::ShadowRecorder> shadow_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::unique_ptr<pipeline::Api> api_;
    std::unique_ptr<http::Server> api_server_;
    std::unique_ptr<admin::Server> admin_server_;
    std::unique_ptr<config::Watcher> watcher_;
};

}  // namespace tidegate::app
