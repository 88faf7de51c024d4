// Answers in the memory of this process.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/cache/cache.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace tidegate::cache {

// Shared by all I/O threads; each key lies in one of several shards with a lock of its own, held for the time
// of a look-up. Holds at most `bytes`; what was not asked for longest goes first, dead answers among them,
// because they may still serve a feature whose budget is used up.
class MemoryTable {
  public:
    MemoryTable(std::uint64_t bytes, const Clock& clock);
    MemoryTable(const MemoryTable&) = delete;
    MemoryTable& operator=(const MemoryTable&) = delete;

    std::shared_ptr<const Entry> find(const Key& key, Duration max_age);
    void store(const Key& key, std::shared_ptr<const Entry> entry);

    std::uint64_t entries() const { return entries_.load(std::memory_order_relaxed); }
    std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
    // Entries that went for want of room.
    std::uint64_t evicted() const { return evicted_.load(std::memory_order_relaxed); }

  private:
    struct Held {
        Key key;
        std::shared_ptr<const Entry> entry;
        SteadyTime stored;
        std::size_t bytes;
    };
    struct Shard {
        std::mutex mutex;
        std::list<Held> by_use;  // the last used first
        std::unordered_map<Key, std::list<Held>::iterator, KeyHash> by_key;
        std::size_t bytes = 0;
    };

    Shard& shard_of(const Key& key);
    // Moves the entry to `gone`, so that its memory is freed outside of the lock.
    void take_out(Shard& shard, std::list<Held>::iterator at, std::list<Held>& gone);

    const Clock& clock_;
    std::vector<Shard> shards_;
    std::size_t shard_bytes_;
    std::atomic<std::uint64_t> entries_{0};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> evicted_{0};
};

}  // namespace tidegate::cache
