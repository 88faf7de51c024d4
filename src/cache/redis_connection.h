// One connection to Redis for one I/O thread: questions one behind the other, answers in their order.
#pragma once

#include "cache/redis_codec.h"

#include <tidegate/async/io_threads.h>
#include <tidegate/cache/options.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::cache {

// Of all connections of the process. Any thread.
struct RedisHealth {
    std::atomic<std::uint64_t> failures{0};  // questions without an answer in time
    std::atomic<bool> away{false};           // so that its going and coming is logged once
};

// Belongs to its I/O thread. Connects when it is first asked, and anew when it is asked after the end of a
// connection. Once Redis has failed (refused, closed in the middle, late, wrong password) no question waits any
// more: for a moment nothing is tried, then a question lets it be tried beside it, and only when Redis has
// greeted back are questions put to it again.
class RedisConnection {
  public:
    using Replies = std::vector<RedisReply>;

    // How long a question waits, for the connection too, while not a byte moves; and how long in all.
    static constexpr Duration kPatience = std::chrono::milliseconds{100};
    static constexpr Duration kLongestPatience = std::chrono::milliseconds{500};
    static constexpr Duration kRest = std::chrono::seconds{1};

    RedisConnection(async::IoThread& io, RedisOptions options, RedisHealth& health);
    ~RedisConnection();
    RedisConnection(const RedisConnection&) = delete;
    RedisConnection& operator=(const RedisConnection&) = delete;

    // Sends `commands`, which get `count` replies; nothing if Redis is away, late or has too much to do.
    static async::Task<std::optional<Replies>> ask(std::shared_ptr<RedisConnection> self, std::string commands,
                                                   std::size_t count);

  private:
    struct Question;
    struct Session;
    using Shared = std::shared_ptr<RedisConnection>;
    using SharedSession = std::shared_ptr<Session>;

    // One to put a question to, or null. Begins one where none is and it is time.
    static SharedSession session_of(const Shared& self);
    static void send_soon(const Shared& self, const SharedSession& session);
    static async::Task<> converse(Shared self, SharedSession session);
    static async::Task<> send(Shared self, SharedSession session);
    static async::Task<void> wait(Question& question, const Session& session);
    async::Task<bool> connect(Session& session);
    async::Task<void> read(Session& session);
    void take_replies(Session& session);
    void greeted(Session& session);
    // Ends the session and tells its questions. `why`: what went wrong.
    void fail(Session& session, std::string_view why);
    void end(Session& session);
    std::string where() const;

    async::IoThread& io_;
    const RedisOptions options_;
    RedisHealth& health_;
    std::string greeting_;  // the commands that a connection begins with
    std::size_t greeting_replies_ = 0;
    SharedSession session_;    // null between two
    bool conversing_ = false;  // the task of a session, perhaps an ended one, has not returned
    bool trusted_ = true;      // a question may wait for the connection
    SteadyTime rest_until_{};
};

}  // namespace tidegate::cache
