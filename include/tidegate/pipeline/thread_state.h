// What one I/O thread keeps for its requests.
#pragma once

#include <tidegate/async/io_threads.h>
#include <tidegate/calls/worker.h>
#include <tidegate/events/record_pool.h>
#include <tidegate/pipeline/feature_table.h>
#include <tidegate/pipeline/shadow_lane.h>

#include <atomic>
#include <cstddef>
#include <memory>

namespace tidegate::cache {
class Cache;
class Flights;
}  // namespace tidegate::cache
namespace tidegate::events {
class Log;
}
namespace tidegate::ledger {
class Ledger;
}
namespace tidegate::metrics {
class Metrics;
}
namespace tidegate::store {
class Store;
}

namespace tidegate::pipeline {

class ShadowRecorder;

// Process-wide, outlives every thread.
struct Services {
    events::Log& log;
    metrics::Metrics& metrics;
    store::Store& store;
    ledger::Ledger& ledger;
    bool strict = false;            // the answer's last byte waits for the disk
    bool serve_on_failure = false;  // `store.on_failure`: calls go on while log or store cannot be written
    cache::Flights* flights = nullptr;
    ShadowRecorder* shadow = nullptr;  // null only where no feature has a shadow lane
};

// Belongs to its I/O thread.
class ThreadState {
  public:
    ThreadState(async::IoThread& io, Services& services, upstream::Client& client,
                std::shared_ptr<const FeatureTable> table)
        : io(io), services(services), worker(io, client, services.ledger), table(std::move(table)) {}
    ThreadState(const ThreadState&) = delete;
    ThreadState& operator=(const ThreadState&) = delete;

    async::IoThread& io;
    Services& services;
    calls::Worker worker;
    cache::Cache* cache =
        nullptr;  // this thread's way to the cache, null: there is none; outlives its requests
    const std::shared_ptr<events::RecordPool> records = std::make_shared<events::RecordPool>();
    // Requests that begin from now on use this; those in progress keep theirs.
    std::shared_ptr<const FeatureTable> table;
    ShadowLane shadow{*this};
};

}  // namespace tidegate::pipeline
