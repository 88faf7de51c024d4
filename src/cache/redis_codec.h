// Redis' wire format (RESP2), by hiredis' codec.
#pragma once

#include <tidegate/base/result.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct redisReader;

namespace tidegate::cache {

// Appends one command with its arguments, any bytes.
void append_command(std::string& out, std::initializer_list<std::string_view> words);

struct RedisReply {
    enum class Kind { nothing, text, number, error, other };
    Kind kind = Kind::other;
    std::string text;  // of `text` and `error`
    std::int64_t number = 0;
};

// Feed bytes as they come, then take replies until there is none.
class RedisReplies {
  public:
    RedisReplies();
    ~RedisReplies();
    RedisReplies(const RedisReplies&) = delete;
    RedisReplies& operator=(const RedisReplies&) = delete;

    // Copies. Fails (malformed) like `next` if a reply of more than `kLargest` bytes is on its way.
    Result<void> feed(std::string_view bytes);
    Result<std::optional<RedisReply>> next();

    static constexpr std::size_t kLargest = 32 << 20;

  private:
    struct Free {
        void operator()(redisReader* reader) const;
    };
    std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace tidegate::cache
