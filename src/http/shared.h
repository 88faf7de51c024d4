// What the connections of a server share: by all, as atomics, and by those of one thread.
#pragma once

#include "http/buffers.h"

#include <tidegate/async/io_threads.h>
#include <tidegate/http/handler.h>
#include <tidegate/http/options.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ssl/context.hpp>

namespace tidegate::http {

class Session;

struct Counters {
    std::atomic<std::size_t> open{0};
    std::atomic<std::size_t> in_flight{0};
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> overloaded{0};
    std::atomic<std::uint64_t> accept_errors{0};
    std::atomic<std::uint64_t> client_gone{0};
};

// One I/O thread's part of a server. Touched on that thread only, but for `connections`.
struct Shard {
    Shard(async::IoThread& its_thread, const ListenerOptions& options)
        : thread(its_thread), limits(options.limits), timeouts(options.timeouts) {}

    async::IoThread& thread;
    Limits limits;
    Timeouts timeouts;
    BodyPool bodies;
    // One a thread, so that handshakes share no lock; replaced when the certificate is.
    std::shared_ptr<boost::asio::ssl::context> tls;
    bool draining = false;
    // What a session is sending: made and written without an await in between, so that one buffer, which stays
    // in the cache, does for all. A session keeps what its socket does not take.
    std::string output;
    Session* first = nullptr;  // all sessions, doubly linked
    std::atomic<std::size_t> connections{0};

    // "date: Tue, 24 Nov 2026 03:04:05 GMT\r\n", made once a second.
    std::string_view date_line();

  private:
    std::int64_t date_second_ = -1;
    std::string date_line_;
};

// Kept alive by whoever still works for the server.
struct Shared {
    Shared(const ListenerOptions& options, const std::vector<async::IoThread*>& threads, Handler& its_handler);

    Handler& handler;
    Counters counters;
    const bool tls;
    std::vector<std::unique_ptr<Shard>> shards;

    // Set once, when the server goes: nothing new begins.
    std::atomic<bool> ending{false};

    // Counts connections, and tells whoever waits for the last one.
    void opened(Shard& shard);
    void closed(Shard& shard);
    bool wait_until_closed(std::chrono::nanoseconds patience);

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
};

}  // namespace tidegate::http
