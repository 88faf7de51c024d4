// The configured cache of the process, and the I/O threads' ways to it.
#pragma once

#include <tidegate/async/io_threads.h>
#include <tidegate/base/clock.h>
#include <tidegate/cache/cache.h>
#include <tidegate/cache/options.h>

#include <cstdint>
#include <memory>

namespace tidegate::cache {

class MemoryTable;
struct RedisHealth;

struct Statistics {
    // Of a cache in memory.
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    std::uint64_t evicted = 0;
    // Of a server: look-ups and stores that it did not answer in time.
    std::uint64_t failures = 0;
};

// Outlives the caches that it opens. Any thread.
class Backend {
  public:
    Backend(Options options, const Clock& clock);
    ~Backend();
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;

    // For the use of one I/O thread. Connects when it is first asked. Destroyed when the thread has stopped,
    // but before it.
    std::unique_ptr<Cache> open(async::IoThread& io);
    bool in_memory() const { return memory_ != nullptr; }
    Statistics statistics() const;

  private:
    const Options options_;
    std::unique_ptr<MemoryTable> memory_;  // exactly one of the two
    std::unique_ptr<RedisHealth> redis_;
};

}  // namespace tidegate::cache
