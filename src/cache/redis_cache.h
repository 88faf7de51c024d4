// Answers in a Redis that other processes share.
#pragma once

#include "cache/redis_connection.h"

#include <tidegate/cache/cache.h>

#include <memory>

namespace tidegate::cache {

class RedisCache final : public Cache {
  public:
    // Answers stay so long beyond their time, for kHoweverOld; where memory is short Redis' own policy decides.
    static constexpr Duration kHeldLonger = std::chrono::hours{24};

    RedisCache(async::IoThread& io, const RedisOptions& options, RedisHealth& health);

    async::Task<std::shared_ptr<const Entry>> find(Key key, Duration max_age) override;
    async::Task<void> store(Key key, std::shared_ptr<const Entry> entry, Duration ttl) override;

  private:
    void complain(std::string_view of);

    async::IoThread& io_;
    RedisHealth& health_;
    std::shared_ptr<RedisConnection> connection_;  // shared with its tasks
    SteadyTime next_complaint_{};
};

}  // namespace tidegate::cache
