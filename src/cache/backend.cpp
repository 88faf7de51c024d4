#include "cache/redis_cache.h"

#include <tidegate/cache/backend.h>
#include <tidegate/cache/memory_table.h>

namespace tidegate::cache {
namespace {

class MemoryCache final : public Cache {
  public:
    explicit MemoryCache(MemoryTable& table) : table_(table) {}

    async::Task<std::shared_ptr<const Entry>> find(Key key, Duration max_age) override {
        co_return table_.find(key, max_age);
    }
    async::Task<void> store(Key key, std::shared_ptr<const Entry> entry, Duration) override {
        table_.store(key, std::move(entry));
        co_return;
    }

  private:
    MemoryTable& table_;
};

}  // namespace

Backend::Backend(Options options, const Clock& clock) : options_(std::move(options)) {
    if (const auto* memory = std::get_if<MemoryOptions>(&options_)) {
        memory_ = std::make_unique<MemoryTable>(memory->bytes, clock);
    } else {
        redis_ = std::make_unique<RedisHealth>();
    }
}

Backend::~Backend() = default;

std::unique_ptr<Cache> Backend::open(async::IoThread& io) {
    if (memory_)
        return std::make_unique<MemoryCache>(*memory_);
    return std::make_unique<RedisCache>(io, std::get<RedisOptions>(options_), *redis_);
}

Statistics Backend::statistics() const {
    if (memory_)
        return {memory_->entries(), memory_->bytes(), memory_->evicted(), 0};
    return {0, 0, 0, redis_->failures.load(std::memory_order_relaxed)};
}

}  // namespace tidegate::cache
