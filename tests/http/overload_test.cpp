// What happens at the limits, and without descriptors.
#include "http/fixture.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tidegate::http {
namespace {

using namespace std::chrono_literals;

std::string get(std::string_view path) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", path);
}

using OverloadTest = ServerTest;

TEST_F(OverloadTest, RefusesRequestsAboveTheLimitButNeverHealthChecks) {
    ListenerOptions options = small_options();
    options.limits.in_flight = 1;
    start(options);
    Client busy = client();
    ASSERT_TRUE(busy.send(get("/hold")));
    ASSERT_TRUE(handler_.wait_for_handled(1));
    Client other = client();
    ASSERT_TRUE(other.send(get("/echo") + get("/healthz")));
    const Client::Answer answer = other.read_answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.header("x-tidegate-error"), "overloaded");
    EXPECT_EQ(answer.header("retry-after"), "1");
    EXPECT_EQ(other.read_answer().body, "ok") << "the connection goes on";
    handler_.release();
    EXPECT_EQ(busy.read_answer().body, "held");
    ASSERT_TRUE(eventually([](const Statistics& now) { return now.in_flight == 0; }));
    ASSERT_TRUE(other.send(get("/echo")));
    EXPECT_EQ(other.read_answer().status, 200);
    EXPECT_EQ(server_->statistics().overloaded, 1U);
}

TEST_F(OverloadTest, ServesOnlyHealthChecksAboveTheLimitOfConnections) {
    ListenerOptions options = small_options();
    options.limits.connections = 2;
    start(options);
    std::vector<Client> clients;
    for (int i = 0; i < 2; ++i) {
        clients.push_back(client());
        ASSERT_TRUE(clients.back().send(get("/echo")));
        ASSERT_EQ(clients.back().read_answer().status, 200);
    }
    Client above = client();
    ASSERT_TRUE(above.send(get("/echo")));
    const Client::Answer refused = above.read_answer();
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.header("connection"), "close");
    Client health = client();
    ASSERT_TRUE(health.send(get("/healthz")));
    EXPECT_EQ(health.read_answer().body, "ok");
    EXPECT_TRUE(health.closed());
    above.close();
    health.close();
    clients.clear();
    ASSERT_TRUE(eventually([](const Statistics& now) { return now.open() == 0; }));
    Client again = client();
    ASSERT_TRUE(again.send(get("/echo")));
    EXPECT_EQ(again.read_answer().status, 200);
}

TEST_F(OverloadTest, TurnsAwayWhatIsFarAboveTheLimitOfConnections) {
    ListenerOptions options = small_options();
    options.limits.connections = 1;
    start(options);
    std::vector<Client> clients;
    for (int i = 0; i < 65; ++i) clients.push_back(client());
    ASSERT_TRUE(eventually([](const Statistics& now) { return now.open() == 65; }));
    Client away = client();
    EXPECT_EQ(away.read_answer().status, 503);
    EXPECT_TRUE(away.closed());
    EXPECT_EQ(server_->statistics().open(), 65U);
}

TEST_F(OverloadTest, TakesNewLimitsWhileItRuns) {
    start();
    Client client = this->client();
    const std::string request = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    ASSERT_TRUE(client.send(request));
    EXPECT_EQ(client.read_answer().status, 200);
    Limits limits;
    limits.body = 4;
    server_->update(limits, {});
    one_.run_and_wait([] {});
    two_.run_and_wait([] {});
    ASSERT_TRUE(client.send(request));
    EXPECT_EQ(client.read_answer().status, 413);
}

// Leaves no descriptor but those that are open.
class NoDescriptors {
  public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const int next = ::dup(0);
        ::close(next);
        rlimit now = before_;
        now.rlim_cur = static_cast<rlim_t>(next);
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

TEST_F(OverloadTest, TurnsAwayWithoutSpinningWhenDescriptorsRunOut) {
#if __has_feature(undefined_behavior_sanitizer)
    GTEST_SKIP() << "the sanitizer itself needs descriptors to look at virtual tables";
#endif
    start();
    sockaddr_in to{};
    to.sin_family = AF_INET;
    const std::string address = server_->address();
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::vector<int> sockets;
    for (int i = 0; i < 4; ++i) sockets.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto begin = std::chrono::steady_clock::now();
    {
        const NoDescriptors none;
        for (const int socket : sockets)
            ASSERT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
        ASSERT_TRUE(eventually([](const Statistics& now) { return now.accept_errors >= 4; }));
        const auto passed = std::chrono::steady_clock::now() - begin;
        // One error a pause at most; that it takes longer is no fault.
        EXPECT_LE(server_->statistics().accept_errors, static_cast<std::uint64_t>(passed / 100ms) + 2);
        for (const int socket : sockets) {
            char answer[64] = {};
            EXPECT_GT(::recv(socket, answer, sizeof answer - 1, 0), 0);
            EXPECT_EQ(std::string_view(answer).substr(0, 12), "HTTP/1.1 503");
        }
    }
    for (const int socket : sockets) ::close(socket);
    Client again = client();
    ASSERT_TRUE(again.send(get("/echo")));
    EXPECT_EQ(again.read_answer().status, 200);
}

}  // namespace
}  // namespace tidegate::http
