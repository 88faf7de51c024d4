#include <tidegate/cache/memory_table.h>

#include <algorithm>

namespace tidegate::cache {
namespace {

// A shard has room for the largest entry, where the whole cache has.
constexpr std::uint64_t kLeastShard = 2 * kLargestEntry;
constexpr std::uint64_t kMostShards = 16;
// Of the list's and the map's nodes.
constexpr std::size_t kOverhead = 192;

std::size_t count_of_shards(std::uint64_t bytes) {
    return static_cast<std::size_t>(std::clamp<std::uint64_t>(bytes / kLeastShard, 1, kMostShards));
}

}  // namespace

MemoryTable::MemoryTable(std::uint64_t bytes, const Clock& clock)
    : clock_(clock),
      shards_(count_of_shards(bytes)),
      shard_bytes_(static_cast<std::size_t>(bytes / shards_.size())) {}

std::shared_ptr<const Entry> MemoryTable::find(const Key& key, Duration max_age) {
    const SteadyTime now = clock_.steady();
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.by_key.find(key);
    if (found == shard.by_key.end() || now - found->second->stored > max_age)
        return nullptr;
    shard.by_use.splice(shard.by_use.begin(), shard.by_use, found->second);
    return found->second->entry;
}

void MemoryTable::store(const Key& key, std::shared_ptr<const Entry> entry) {
    const std::size_t bytes = memory_of(*entry) + kOverhead;
    std::list<Held> gone;
    std::list<Held> added;
    added.push_back({key, std::move(entry), clock_.steady(), bytes});
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    if (const auto found = shard.by_key.find(key); found != shard.by_key.end())
        take_out(shard, found->second, gone);
    if (bytes > shard_bytes_)
        return;
    while (shard.bytes + bytes > shard_bytes_) {
        take_out(shard, std::prev(shard.by_use.end()), gone);
        evicted_.fetch_add(1, std::memory_order_relaxed);
    }
    shard.by_use.splice(shard.by_use.begin(), added);
    shard.by_key.emplace(key, shard.by_use.begin());
    shard.bytes += bytes;
    entries_.fetch_add(1, std::memory_order_relaxed);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
}

MemoryTable::Shard& MemoryTable::shard_of(const Key& key) {
    // Another byte than those that the map hashes by.
    return shards_[key.back() % shards_.size()];
}

void MemoryTable::take_out(Shard& shard, std::list<Held>::iterator at, std::list<Held>& gone) {
    shard.bytes -= at->bytes;
    entries_.fetch_sub(1, std::memory_order_relaxed);
    bytes_.fetch_sub(at->bytes, std::memory_order_relaxed);
    shard.by_key.erase(at->key);
    gone.splice(gone.begin(), shard.by_use, at);
}

}  // namespace tidegate::cache
