// What one I/O thread keeps for its requests.
#pragma once

#include <tidegate/async/io_threads.h>
#include <tidegate/calls/worker.h>
#include <tidegate/pipeline/feature_table.h>

#include <atomic>
#include <cstddef>
#include <memory>

namespace tidegate::events {
class Log;
}
namespace tidegate::metrics {
class Metrics;
}
namespace tidegate::store {
class Store;
}

namespace tidegate::pipeline {

// Process-wide, outlives every thread.
struct Services {
    events::Log& log;
    metrics::Metrics& metrics;
    store::Store& store;
    bool strict = false;  // the answer's last byte waits for the disk
};

// Belongs to its I/O thread.
class ThreadState {
  public:
    ThreadState(async::IoThread& io, Services& services, upstream::Client& client,
                std::shared_ptr<const FeatureTable> table)
        : io(io), services(services), worker(io, client), table(std::move(table)) {}
    ThreadState(const ThreadState&) = delete;
    ThreadState& operator=(const ThreadState&) = delete;

    async::IoThread& io;
    Services& services;
    calls::Worker worker;
    // Requests that begin from now on use this; those in progress keep theirs.
    std::shared_ptr<const FeatureTable> table;
};

}  // namespace tidegate::pipeline
