// Clients that leave, stall or say nothing; heartbeats; drain.
#include "http/fixture.h"

#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tidegate::http {
namespace {

using namespace std::chrono_literals;
using async::CancelReason;
using testing::EndsWith;
using testing::HasSubstr;

std::string get(std::string_view path) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", path);
}

class LifecycleTest : public ServerTest {
  protected:
    bool all_gone() {
        return eventually([](const Statistics& now) { return now.open() == 0 && now.in_flight == 0; });
    }
    CancelReason last_reason() const { return static_cast<CancelReason>(handler_.last_reason.load()); }
};

TEST_F(LifecycleTest, ForgetsClientsThatLeaveBeforeTheyAsked) {
    start();
    const std::string request = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345";
    for (std::size_t cut = 0; cut <= request.size(); ++cut) {
        for (const bool reset : {false, true}) {
            Client client = this->client();
            ASSERT_TRUE(client.send(request.substr(0, cut)));
            if (reset) {
                client.reset();
            } else {
                client.close();
            }
        }
    }
    EXPECT_TRUE(all_gone());
    EXPECT_EQ(handler_.handled, 0);
}

TEST_F(LifecycleTest, CancelsAHandlerWhoseClientLeaves) {
    start();
    int count = 0;
    for (const char* path : {"/wait", "/late"}) {
        for (const int way : {0, 1, 2}) {
            Client client = this->client();
            ASSERT_TRUE(client.send(get(path)));
            ++count;
            ASSERT_TRUE(handler_.wait_for_handled(count));
            if (path == std::string("/late"))
                client.read_until("data: first\n\n");
            if (way == 0)
                client.close();
            if (way == 1)
                client.reset();
            if (way == 2)
                client.end_sending();
            ASSERT_TRUE(handler_.wait_for_cancelled(count)) << path << " " << way;
            EXPECT_EQ(last_reason(), CancelReason::client_gone);
        }
    }
    EXPECT_TRUE(all_gone());
    EXPECT_EQ(server_->statistics().client_gone, 6U);
}

TEST_F(LifecycleTest, CancelsAHandlerWhoseClientLeavesAfterPipelining) {
    start();
    Client client = this->client();
    ASSERT_TRUE(client.send(get("/wait") + get("/echo")));
    ASSERT_TRUE(handler_.wait_for_handled(1));
    client.close();
    ASSERT_TRUE(handler_.wait_for_cancelled(1));
    EXPECT_TRUE(all_gone());
    EXPECT_EQ(handler_.handled, 1) << "what a client asked that left is not done";
}

TEST_F(LifecycleTest, AnswersAClientThatClosedJustItsSide) {
    start();
    Client client = this->client();
    ASSERT_TRUE(client.send(get("/echo") + get("/echo?2")));
    client.end_sending();
    EXPECT_THAT(client.read_to_end(), HasSubstr("query="));
    EXPECT_TRUE(all_gone());
}

TEST_F(LifecycleTest, HoldsBackAHandlerAndEndsAClientThatDoesNotRead) {
    ListenerOptions options = small_options();
    options.timeouts.write = 300ms;
    start(options);
    Client client = this->client(4096);
    ASSERT_TRUE(client.send(get("/endless")));
    ASSERT_TRUE(handler_.wait_for_cancelled(1));
    EXPECT_EQ(last_reason(), CancelReason::client_gone);
    // What the kernel's buffers hold, not what an endless handler could make.
    EXPECT_LT(handler_.written, 16U * 1024 * 1024);
    EXPECT_TRUE(all_gone());
}

TEST_F(LifecycleTest, GoesOnWhenASlowClientReads) {
    start();
    Client client = this->client(64 * 1024);
    ASSERT_TRUE(client.send(get("/endless")));
    std::uint64_t read = 0;
    while (read < 24U * 1024 * 1024) {
        const std::size_t got = client.read_some(1024 * 1024);
        ASSERT_GT(got, 0U);
        read += got;
        ASSERT_LT(handler_.written, read + 16U * 1024 * 1024);
    }
    client.close();
    ASSERT_TRUE(handler_.wait_for_cancelled(1));
}

TEST_F(LifecycleTest, SendsHeartbeatsOnASilentStream) {
    start();
    Client client = this->client();
    ASSERT_TRUE(client.send(get("/silent")));
    EXPECT_THAT(client.read_until("data: first\n\n"), HasSubstr("transfer-encoding: chunked"));
    for (int i = 0; i < 3; ++i)
        EXPECT_THAT(client.read_until("alive\n\n\r\n"), EndsWith("9\r\n: alive\n\n\r\n"));
    client.close();
    ASSERT_TRUE(handler_.wait_for_cancelled(1));
    EXPECT_TRUE(all_gone());
}

TEST_F(LifecycleTest, EndsSlowRequestsInTime) {
    ListenerOptions options = small_options();
    options.timeouts.header = options.timeouts.body = options.timeouts.idle = 200ms;
    start(options);
    Client head = client();
    ASSERT_TRUE(head.send("GET /echo HTTP/1.1\r\nHo"));
    Client body = client();
    ASSERT_TRUE(body.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab"));
    Client idle = client();
    ASSERT_TRUE(idle.send(get("/echo")));
    Client silent = client();
    const Client::Answer head_answer = head.read_answer();
    EXPECT_EQ(head_answer.status, 408);
    EXPECT_EQ(head_answer.header("x-tidegate-error"), "request_timeout");
    EXPECT_TRUE(head.closed());
    EXPECT_EQ(body.read_answer().status, 408);
    EXPECT_TRUE(body.closed());
    EXPECT_EQ(idle.read_answer().status, 200);
    EXPECT_TRUE(idle.closed());
    EXPECT_TRUE(silent.closed());
    for (Client* client : {&head, &body, &idle, &silent}) client->close();
    EXPECT_TRUE(all_gone());
}

TEST_F(LifecycleTest, DrainsIdleConnectionsAtOnceAndBusyOnesAfterTheirAnswer) {
    start();
    Client idle = client();
    ASSERT_TRUE(idle.send(get("/echo")));
    ASSERT_EQ(idle.read_answer().status, 200);
    Client busy = client();
    ASSERT_TRUE(busy.send(get("/hold") + get("/echo")));
    ASSERT_TRUE(handler_.wait_for_handled(2));
    server_->begin_drain();
    EXPECT_TRUE(idle.closed());
    bool clean = false;
    std::thread drain([&] { clean = server_->drain(20s); });
    handler_.release();
    const Client::Answer answer = busy.read_answer();
    EXPECT_EQ(answer.body, "held");
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_EQ(busy.read_to_end(), "");
    busy.close();
    drain.join();
    EXPECT_TRUE(clean);
    EXPECT_EQ(server_->statistics().open(), 0U);
    EXPECT_FALSE(client().connected()) << "nobody listens";
}

TEST_F(LifecycleTest, TellsHandlersAtTheDrainDeadlineAndLetsThemSayGoodbye) {
    start();
    Client stream = client();
    ASSERT_TRUE(stream.send(get("/late")));
    stream.read_until("data: first\n\n");
    Client whole = client();
    ASSERT_TRUE(whole.send(get("/wait")));
    ASSERT_TRUE(handler_.wait_for_handled(2));
    bool clean = true;
    std::thread drain([&] { clean = server_->drain(1ms); });
    EXPECT_THAT(stream.read_to_end(), EndsWith("data: goodbye\n\n\r\n0\r\n\r\n"));
    EXPECT_EQ(whole.read_answer().body, "goodbye");
    stream.close();
    whole.close();
    drain.join();
    EXPECT_FALSE(clean);
    EXPECT_EQ(last_reason(), CancelReason::shutdown);
    EXPECT_EQ(server_->statistics().open(), 0U);
}

TEST_F(LifecycleTest, CutsAHandlerThatDoesNotHearAtTheDrainDeadline) {
    ListenerOptions options = small_options();
    options.timeouts.cancel = 1ms;
    start(options);
    Client client = this->client(4096);
    ASSERT_TRUE(client.send(get("/endless")));
    ASSERT_TRUE(handler_.wait_for_written(0));
    EXPECT_FALSE(server_->drain(1ms));
    EXPECT_EQ(server_->statistics().open(), 0U);
}

TEST_F(LifecycleTest, EndsWithRequestsInEveryState) {
    start();
    std::vector<Client> clients;
    for (const std::string& request :
         {std::string(), std::string("GET /ec"),
          std::string("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab"), get("/wait"),
          get("/late"), get("/silent"), get("/endless"), get("/echo")}) {
        clients.push_back(client());
        ASSERT_TRUE(clients.back().send(request));
    }
    ASSERT_TRUE(handler_.wait_for_handled(5));
    server_.reset();
    EXPECT_GE(handler_.cancelled, 3);
}

}  // namespace
}  // namespace tidegate::http
