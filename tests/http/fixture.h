// A server with a handler that does what the path says.
#pragma once

#include "http/client.h"

#include <tidegate/http/server.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

#include <gtest/gtest.h>

namespace tidegate::http {

// Paths: /echo answers with what it saw; /stream sends the parts of the body, by commas; /endless writes 64 KiB
// a time until it cannot; /wait until it is cancelled; /hold until `release`; /big answers ?bytes; /throw,
// /nothing, /post (says in `before_posted` how many requests came before what it posts), /cut, /silent (a
// stream with heartbeats), /late (a stream that says goodbye at shutdown), /healthz.
class TestHandler final : public Handler {
  public:
    async::Task<void> handle(const Request& request, ResponseWriter& writer, async::IoThread& thread) override;
    bool always_served(std::string_view path) const override { return path == "/healthz"; }

    // Blocks until `count` requests are with the handler (ten seconds at most), since the beginning.
    bool wait_for_handled(int count);
    bool wait_for_cancelled(int count);
    bool wait_for_written(std::uint64_t more_than);
    void release();

    std::atomic<int> handled{0};
    std::atomic<int> cancelled{0};
    std::atomic<int> last_reason{-1};
    std::atomic<int> before_posted{0};
    std::atomic<std::uint64_t> written{0};
    Duration heartbeat = std::chrono::milliseconds{100};

  private:
    async::Task<void> echo(const Request& request, ResponseWriter& writer);
    async::Task<void> stream(const Request& request, ResponseWriter& writer);
    async::Task<void> endless(ResponseWriter& writer);
    async::Task<void> wait_for_end(ResponseWriter& writer, async::IoThread& thread);
    async::Task<void> hold(ResponseWriter& writer, async::IoThread& thread);
    void count(std::atomic<int>& counter);
    bool wait_until(const std::function<bool()>& done);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::atomic<bool> released_{false};
};

// Two I/O threads on the system's clock.
class ServerTest : public testing::Test {
  protected:
    ServerTest();
    ~ServerTest() override;
    // Starts the server; afterwards it can be dialled.
    void start(ListenerOptions options = small_options());
    static ListenerOptions small_options();
    Client client(int receive_buffer = 0) { return Client(server_->address(), receive_buffer); }
    // Polls the statistics until `done` says so; false after ten seconds.
    bool eventually(const std::function<bool(const Statistics&)>& done);

    SystemClock clock_;
    async::IoThread one_{"one", 0, clock_};
    async::IoThread two_{"two", 1, clock_};
    TestHandler handler_;
    std::unique_ptr<Server> server_;
};

}  // namespace tidegate::http
