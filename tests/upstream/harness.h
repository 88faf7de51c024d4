// A client on an I/O thread of its own, called from the test's thread, with a clock that stands still.
#pragma once

#include "upstream/scripted_server.h"

#include <tidegate/upstream/client.h>

#include <future>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace tidegate::upstream::test {

// What became of a request, its body read to the end.
struct Answer {
    std::optional<Failure> failure;  // of send
    int status = 0;
    std::string type;  // its content-type
    std::string body;
    std::size_t body_capacity = 0;  // with read_all
    std::optional<Error> body_error;
    bool reused = false;
};

class Harness {
  public:
    explicit Harness(ClientOptions options = {});
    ~Harness();

    // An endpoint that may be on this machine; `options.base_url` must be set.
    static std::shared_ptr<const Endpoint> endpoint(EndpointOptions options);
    static std::shared_ptr<const Endpoint> endpoint(const std::string& url);

    // Sends and reads all, blocking.
    Answer ask(const Request& request);
    Answer ask(const std::shared_ptr<const Endpoint>& endpoint, std::string_view body = "{}");
    // The same, without waiting for the end.
    std::future<Answer> begin(const Request& request);
    void cancel();

    // Runs on the client's thread.
    template <class Function>
    void on_thread(Function function) {
        thread.run_and_wait(std::move(function));
    }
    ClientStats stats();
    std::size_t armed();
    // Nothing is left of finished requests.
    void expect_nothing_left();

    ManualClock clock;
    async::IoThread thread;
    std::unique_ptr<Client> client;
    std::unique_ptr<async::Cancellation> cancellation;
    std::size_t limit = 1'000'000;            // of read_all
    std::atomic<int> pieces{0};               // read so far
    std::function<void()> on_head;            // called on the thread when a head has come
    std::function<void()> on_piece;           // and when a piece of the body has
    SteadyTime deadline = SteadyTime::max();  // set behind the head
    bool whole = false;                       // with read_all
    bool hold_body = false;                   // the body is not read, the response is destroyed

  private:
    async::Task<> run(Request request, std::shared_ptr<std::promise<Answer>> promise);
};

}  // namespace tidegate::upstream::test
