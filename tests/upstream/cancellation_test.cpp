// Deadlines and cancellation in every phase: the pending step ends at once, and nothing is left behind.
#include "upstream/dns_server.h"
#include "upstream/harness.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tidegate::upstream {
namespace {

using test::Answer;
using test::DnsServer;
using test::Event;
using test::Harness;
using test::Peer;
using test::ScriptedServer;

// Accepts nothing and drops whoever knocks: its backlog is full.
class BlackHole {
  public:
    BlackHole() {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof where;
        listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
        ::bind(listener_, reinterpret_cast<sockaddr*>(&where), size);
        ::listen(listener_, 0);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size);
        port_ = ntohs(where.sin_port);
        for (int& client : clients_) {
            client = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            ::connect(client, reinterpret_cast<sockaddr*>(&where), size);
        }
    }
    ~BlackHole() {
        for (const int client : clients_) ::close(client);
        ::close(listener_);
    }
    BlackHole(const BlackHole&) = delete;
    BlackHole& operator=(const BlackHole&) = delete;
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  private:
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::array<int, 4> clients_{};
};

enum class End { cancel, deadline };

class EveryPhase : public testing::TestWithParam<End> {
  protected:
    // Ends the pending request, which must report it, from that phase.
    void end(Harness& harness, std::future<Answer>& pending, Phase phase, Duration wait) {
        if (GetParam() == End::cancel) {
            harness.cancel();
        } else {
            // Again, because a socket that takes some more bytes in between lets the wait begin anew.
            do {
                harness.clock.advance(wait);
            } while (pending.wait_for(std::chrono::milliseconds{200}) != std::future_status::ready);
        }
        const Answer answer = pending.get();
        ASSERT_TRUE(answer.failure);
        EXPECT_EQ(answer.failure->phase, phase);
        expect_reason(answer.failure->error);
        harness.expect_nothing_left();
    }
    void expect_reason(const Error& error) {
        EXPECT_EQ(error.kind, GetParam() == End::cancel ? ErrorKind::cancelled : ErrorKind::timeout)
            << error.text();
    }
    // Until the deadline of the phase is armed.
    static void wait_until_armed(Harness& harness) {
        while (harness.armed() == 0) std::this_thread::yield();
    }
    static Request post(const std::string& url) {
        Request request;
        request.endpoint = Harness::endpoint(url);
        request.path = "/chat";
        request.body = "{}";
        return request;
    }
};

INSTANTIATE_TEST_SUITE_P(Client, EveryPhase, testing::Values(End::cancel, End::deadline),
                         [](const auto& info) { return info.param == End::cancel ? "Cancel" : "Deadline"; });

TEST_P(EveryPhase, Resolving) {
    DnsServer dns([](const DnsServer::Question&) { return std::nullopt; });
    ClientOptions options;
    options.dns_servers = dns.address();
    options.dns_timeout = std::chrono::minutes{5};
    Harness harness(options);
    std::future<Answer> pending = harness.begin(post("http://silent.test"));
    dns.wait_for_questions(1);
    wait_until_armed(harness);
    if (GetParam() == End::cancel) {
        harness.cancel();
    } else {
        harness.clock.advance(std::chrono::seconds{3});
    }
    const Answer answer = pending.get();
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->phase, Phase::connect);
    expect_reason(answer.failure->error);
    EXPECT_EQ(harness.stats().open, 0U);
    // The question itself goes on; its timer is the resolver's.
    EXPECT_EQ(harness.armed(), 1U);
}

TEST_P(EveryPhase, Connecting) {
    const BlackHole hole;
    Harness harness;
    std::future<Answer> pending = harness.begin(post(hole.url()));
    wait_until_armed(harness);
    end(harness, pending, Phase::connect, std::chrono::seconds{3});
}

TEST_P(EveryPhase, TlsHandshake) {
    Event hello;
    ScriptedServer server([&](Peer& peer, int) {
        peer.read_some();
        hello.set();
        peer.until_closed();
    });
    Harness harness;
    std::future<Answer> pending = harness.begin(post("https://127.0.0.1:" + std::to_string(server.port())));
    ASSERT_TRUE(hello.wait());
    wait_until_armed(harness);
    end(harness, pending, Phase::tls, std::chrono::seconds{3});
}

TEST_P(EveryPhase, Sending) {
    Event some;
    Event over;
    ScriptedServer server([&](Peer& peer, int) {
        peer.read_some();
        some.set();
        over.wait();
    });
    Harness harness;
    const std::string body(50'000'000, 'b');
    Request request = post(server.url());
    request.body = body;
    std::future<Answer> pending = harness.begin(request);
    EXPECT_TRUE(some.wait());
    wait_until_armed(harness);
    end(harness, pending, Phase::send, std::chrono::seconds{21});
    over.set();
}

TEST_P(EveryPhase, WaitingForTheFirstByte) {
    Event asked;
    ScriptedServer server([&](Peer& peer, int) {
        peer.request();
        asked.set();
        peer.until_closed();
    });
    Harness harness;
    Request request = post(server.url());
    request.first_byte_deadline = harness.clock.steady() + std::chrono::seconds{30};
    std::future<Answer> pending = harness.begin(request);
    ASSERT_TRUE(asked.wait());
    end(harness, pending, Phase::first_byte, std::chrono::seconds{31});
}

TEST_P(EveryPhase, TricklingHead) {
    Event asked;
    ScriptedServer server([&](Peer& peer, int) {
        peer.request();
        peer.write("HTTP/1.1 200");
        asked.set();
        peer.until_closed();
    });
    Harness harness;
    Request request = post(server.url());
    request.total_deadline = harness.clock.steady() + std::chrono::seconds{30};
    std::future<Answer> pending = harness.begin(request);
    ASSERT_TRUE(asked.wait());
    end(harness, pending, Phase::first_byte, std::chrono::seconds{31});
}

TEST_P(EveryPhase, ReadingTheBody) {
    Event asked;
    ScriptedServer server([&](Peer& peer, int) {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart");
        peer.until_closed();
    });
    Harness harness;
    std::future<Answer> pending = harness.begin(post(server.url()));
    while (harness.pieces == 0) std::this_thread::yield();
    if (GetParam() == End::cancel) {
        harness.cancel();
    } else {
        harness.clock.advance(std::chrono::seconds{21});
    }
    const Answer answer = pending.get();
    EXPECT_EQ(answer.body, "part");
    ASSERT_TRUE(answer.body_error);
    expect_reason(*answer.body_error);
    harness.expect_nothing_left();
}

TEST(Cancelled, BeforeItBeganSendsNothing) {
    ScriptedServer server([](Peer& peer, int) { peer.until_closed(); });
    Harness harness;
    harness.cancel();
    const Answer answer = harness.ask(Harness::endpoint(server.url()));
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->error.kind, ErrorKind::cancelled);
    harness.expect_nothing_left();
    EXPECT_EQ(server.connections(), 0);
}

TEST(Cancelled, ResponseIsNotPutBackEvenIfItWasRead) {
    ScriptedServer server([](Peer& peer, int) {
        while (!peer.request().empty()) peer.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
    Harness harness;
    harness.on_head = [&] { harness.cancellation->cancel(async::CancelReason::client_gone); };
    harness.ask(Harness::endpoint(server.url()));
    harness.expect_nothing_left();
}

TEST(Cancelled, AfterTheResponseIsGoneTouchesNothing) {
    ScriptedServer server([](Peer& peer, int) {
        while (!peer.request().empty()) peer.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
    Harness harness;
    const auto endpoint = Harness::endpoint(server.url());
    harness.ask(endpoint);
    harness.cancel();
    harness.on_thread([&] { harness.cancellation = std::make_unique<async::Cancellation>(); });
    EXPECT_TRUE(harness.ask(endpoint).reused);
}

TEST(Cancelled, HundredsOfTimesLeavesNothing) {
    ScriptedServer server([](Peer& peer, int) {
        while (!peer.request().empty()) peer.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no");
    });
    Harness harness;
    const auto endpoint = Harness::endpoint(server.url());
    for (int i = 0; i < 300; ++i) {
        Request request;
        request.endpoint = endpoint;
        request.path = "/";
        std::future<Answer> pending = harness.begin(request);
        for (int spin = 0; spin < i % 50; ++spin) harness.armed();
        harness.cancel();
        pending.get();
        harness.on_thread([&] { harness.cancellation = std::make_unique<async::Cancellation>(); });
    }
    harness.expect_nothing_left();
}

TEST(Shutdown, WhileRequestsArePendingIsClean) {
    ScriptedServer server([](Peer& peer, int) { peer.until_closed(); });
    std::vector<std::future<Answer>> pending;
    {
        Harness harness;
        for (int i = 0; i < 5; ++i)
            pending.push_back(harness.begin([&] {
                Request request;
                request.endpoint = Harness::endpoint(server.url());
                request.path = "/";
                return request;
            }()));
    }
    for (auto& answer : pending) EXPECT_THROW(answer.get(), std::future_error);
}

}  // namespace
}  // namespace tidegate::upstream
