#include "upstream/harness.h"

#include <gtest/gtest.h>

namespace tidegate::upstream {
namespace {

using test::Answer;
using test::Event;
using test::Harness;
using test::Peer;
using test::ScriptedServer;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";

// Answers every request of every connection with the same.
ScriptedServer::Script always(std::string answer) {
    return [answer = std::move(answer)](Peer& peer, int) {
        while (!peer.request().empty() && peer.write(answer)) {
        }
    };
}

Request post(const std::shared_ptr<const Endpoint>& endpoint) {
    Request request;
    request.endpoint = endpoint;
    request.path = "/chat";
    request.body = "{}";
    return request;
}

TEST(Client, SendsTheRequestAndReadsTheAnswer) {
    std::string seen;
    ScriptedServer server([&](Peer& peer, int) {
        seen = peer.request();
        peer.write(kOk);
        peer.until_closed();
    });
    Harness harness;
    EndpointOptions options;
    options.base_url = server.url() + "/v1/";
    options.headers = {{"Authorization", "Bearer key"}};
    const Answer answer = harness.ask(Harness::endpoint(options), "{\"a\":1}");
    ASSERT_FALSE(answer.failure);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.type, "text/plain");
    EXPECT_EQ(answer.body, "ok");
    EXPECT_EQ(seen, "POST /v1/chat HTTP/1.1\r\nhost: 127.0.0.1:" + std::to_string(server.port()) +
                        "\r\naccept-encoding: identity\r\nAuthorization: Bearer key\r\nuser-agent: tidegate\r\n"
                        "content-type: application/json\r\ncontent-length: 7\r\n\r\n{\"a\":1}");
}

TEST(Client, SendsABodyLargerThanOneWrite) {
    std::string seen;
    ScriptedServer server([&](Peer& peer, int) {
        seen = peer.request();
        peer.write(kOk);
        peer.until_closed();
    });
    Harness harness;
    const std::string body(3'000'000, 'b');
    const Answer answer = harness.ask(Harness::endpoint(server.url()), body);
    EXPECT_EQ(answer.body, "ok");
    EXPECT_TRUE(seen.ends_with("\r\n\r\n" + body));
}

TEST(Client, ReusesAConnectionThatWasReadToTheEnd) {
    ScriptedServer server(always(std::string(kOk)));
    Harness harness;
    const auto endpoint = Harness::endpoint(server.url());
    for (int i = 0; i < 10; ++i) {
        const Answer answer = harness.ask(endpoint);
        EXPECT_EQ(answer.body, "ok");
        EXPECT_EQ(answer.reused, i > 0);
    }
    EXPECT_EQ(server.connections(), 1);
    EXPECT_EQ(harness.stats().idle, 1U);
    EXPECT_EQ(harness.stats().open, 1U);
    EXPECT_EQ(harness.stats().in_flight, 0U);
}

TEST(Client, DialsAnewWhenAFreshConnectionIsWanted) {
    ScriptedServer server(always(std::string(kOk)));
    Harness harness;
    Request request = post(Harness::endpoint(server.url()));
    harness.ask(request);
    request.fresh_connection = true;
    EXPECT_FALSE(harness.ask(request).reused);
    EXPECT_EQ(server.connections(), 2);
}

TEST(Client, NeverSharesAConnectionBetweenCredentials) {
    ScriptedServer server(always(std::string(kOk)));
    Harness harness;
    EndpointOptions options;
    options.base_url = server.url();
    options.headers = {{"x-api-key", "one"}};
    const auto one = Harness::endpoint(options);
    options.headers = {{"x-api-key", "two"}};
    const auto two = Harness::endpoint(options);
    EXPECT_FALSE(harness.ask(one).reused);
    EXPECT_FALSE(harness.ask(two).reused);
    EXPECT_TRUE(harness.ask(one).reused);
}

TEST(Client, DoesNotReuseWhatTheServerClosesOrTalksBehind) {
    for (const std::string& bytes :
         {std::string("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"),
          std::string("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"),
          std::string("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok+surplus"),
          std::string("HTTP/1.1 204 No Content\r\n\r\nbody where none may be")}) {
        ScriptedServer server(always(bytes));
        Harness harness;
        EXPECT_FALSE(harness.ask(Harness::endpoint(server.url())).failure) << bytes;
        harness.expect_nothing_left();
    }
}

TEST(Client, DiscardsAConnectionWhoseAnswerWasNotRead) {
    ScriptedServer server(always(std::string(kOk)));
    Harness harness;
    harness.hold_body = true;
    harness.ask(Harness::endpoint(server.url()));
    harness.expect_nothing_left();
}

TEST(Client, NoticesThatTheServerClosedAnIdleConnection) {
    Event closed;
    ScriptedServer server([&](Peer& peer, int connection) {
        peer.request();
        peer.write(kOk);
        if (connection == 0) {
            peer.close();
            closed.set();
        }
        peer.until_closed();
    });
    Harness harness;
    const auto endpoint = Harness::endpoint(server.url());
    harness.ask(endpoint);
    ASSERT_TRUE(closed.wait());
    const Answer answer = harness.ask(endpoint);
    EXPECT_EQ(answer.body, "ok");
    EXPECT_FALSE(answer.reused);
}

TEST(Client, SaysThatAReusedConnectionBrokeBeforeAnyByte) {
    ScriptedServer server([&](Peer& peer, int) {
        peer.request();
        peer.write(kOk);
        peer.request();
        peer.reset();
    });
    Harness harness;
    const auto endpoint = Harness::endpoint(server.url());
    harness.ask(endpoint);
    const Answer answer = harness.ask(endpoint);
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->error.kind, ErrorKind::unavailable);
    EXPECT_TRUE(answer.failure->reused);
    EXPECT_TRUE(answer.failure->sent_whole);
    EXPECT_FALSE(answer.failure->any_bytes);
    EXPECT_EQ(answer.failure->phase, Phase::first_byte);
    harness.expect_nothing_left();
}

TEST(Client, SaysThatAnAnswerBrokeInItsHead) {
    ScriptedServer server([&](Peer& peer, int) {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\ncont");
        peer.close();
        peer.until_closed();
    });
    Harness harness;
    const Answer answer = harness.ask(Harness::endpoint(server.url()));
    ASSERT_TRUE(answer.failure);
    EXPECT_TRUE(answer.failure->any_bytes);
    EXPECT_FALSE(answer.failure->reused);
    EXPECT_EQ(answer.failure->error.kind, ErrorKind::unavailable);
}

TEST(Client, RefusedConnectionIsUnavailable) {
    std::uint16_t port = 0;
    {
        port = ScriptedServer(always("")).port();
    }
    Harness harness;
    const Answer answer = harness.ask(Harness::endpoint("http://127.0.0.1:" + std::to_string(port)));
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->phase, Phase::connect);
    EXPECT_EQ(answer.failure->error.kind, ErrorKind::unavailable);
    EXPECT_FALSE(answer.failure->sent_whole);
    harness.expect_nothing_left();
}

TEST(Client, ReadsAnAnswerThatCameBeforeTheBodyWasSent) {
    ScriptedServer server([&](Peer& peer, int) {
        peer.write("HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: 3\r\n\r\nbig");
        peer.request();
    });
    Harness harness;
    const std::string body(1'000'000, 'b');
    const Answer answer = harness.ask(Harness::endpoint(server.url()), body);
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.body, "big");
    harness.expect_nothing_left();
}

TEST(Client, DoesNotFollowARedirect) {
    ScriptedServer server(always(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"));
    Harness harness;
    EXPECT_EQ(harness.ask(Harness::endpoint(server.url())).status, 307);
    EXPECT_EQ(harness.stats().connects, 1U);
}

TEST(Client, ReadsChunksAsTheyCome) {
    Event first;
    ScriptedServer server([&](Peer& peer, int) {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
        first.wait();
        peer.write("3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n");
        peer.until_closed();
    });
    Harness harness;
    const auto endpoint = Harness::endpoint(server.url());
    std::future<Answer> answer = harness.begin(post(endpoint));
    while (harness.pieces == 0) std::this_thread::yield();
    first.set();
    EXPECT_EQ(answer.get().body, "onetwothree");
    EXPECT_EQ(harness.stats().idle, 1U);
}

TEST(Client, AReaderThatTakesItsTimeIsNoIdleServer) {
    ScriptedServer server(
        always("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + std::string(100'000, 'a')));
    Harness harness;
    const auto late = [&] {
        harness.clock.advance(std::chrono::minutes{1});
        harness.thread.wheel().advance();
    };
    harness.on_head = late;
    harness.on_piece = late;
    const Answer answer = harness.ask(Harness::endpoint(server.url()));
    EXPECT_FALSE(answer.body_error) << answer.body_error->text();
    EXPECT_EQ(answer.body.size(), 100'000U);
}

TEST(Client, ADeadlineSetLaterEndsTheBody) {
    ScriptedServer server(always("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok"));
    Harness harness;
    harness.deadline = harness.clock.steady() + std::chrono::seconds{5};
    Request request = post(Harness::endpoint(server.url()));
    request.idle = std::chrono::hours{1};
    std::future<Answer> pending = harness.begin(request);
    while (harness.pieces == 0) std::this_thread::yield();
    harness.clock.advance(std::chrono::seconds{6});
    const Answer answer = pending.get();
    ASSERT_TRUE(answer.body_error);
    EXPECT_EQ(answer.body_error->kind, ErrorKind::timeout);
    harness.expect_nothing_left();
}

TEST(Client, ReadsAllIntoOneStringUpToALimit) {
    ScriptedServer server(
        always("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
    Harness harness;
    const auto endpoint = Harness::endpoint(server.url());
    harness.whole = true;
    harness.limit = 5;
    const Answer fits = harness.ask(endpoint);
    EXPECT_EQ(fits.body, "hello");
    EXPECT_GE(fits.body_capacity, 5U + 64U);
    EXPECT_EQ(harness.stats().idle, 1U);
    harness.limit = 4;
    const Answer exceeds = harness.ask(endpoint);
    ASSERT_TRUE(exceeds.body_error);
    EXPECT_EQ(exceeds.body_error->kind, ErrorKind::too_large);
    harness.expect_nothing_left();
}

TEST(Client, ReadsABodyThatEndsWithTheConnection) {
    ScriptedServer server([&](Peer& peer, int) {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\n\r\nall of it");
        peer.close();
        peer.until_closed();
    });
    Harness harness;
    const Answer answer = harness.ask(Harness::endpoint(server.url()));
    EXPECT_EQ(answer.body, "all of it");
    EXPECT_FALSE(answer.body_error);
    harness.expect_nothing_left();
}

TEST(Client, ReportsABodyThatIsCutOff) {
    for (const std::string& head : {std::string("content-length: 100\r\n\r\npart"),
                                    std::string("transfer-encoding: chunked\r\n\r\n64\r\npart")}) {
        ScriptedServer server([&](Peer& peer, int) {
            peer.request();
            peer.write("HTTP/1.1 200 OK\r\n" + head);
            peer.close();
            peer.until_closed();
        });
        Harness harness;
        const Answer answer = harness.ask(Harness::endpoint(server.url()));
        EXPECT_EQ(answer.body, "part");
        ASSERT_TRUE(answer.body_error);
        EXPECT_EQ(answer.body_error->kind, ErrorKind::unavailable);
        harness.expect_nothing_left();
    }
}

TEST(Client, SkipsInterimAnswersUpToABound) {
    std::string many;
    for (int i = 0; i < 100; ++i) many += "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    ScriptedServer polite(always("HTTP/1.1 100 Continue\r\n\r\n" + std::string(kOk)));
    ScriptedServer storm(always(many + std::string(kOk)));
    Harness harness;
    EXPECT_EQ(harness.ask(Harness::endpoint(polite.url())).body, "ok");
    const Answer answer = harness.ask(Harness::endpoint(storm.url()));
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->error.kind, ErrorKind::malformed);
}

class MaliciousAnswer : public testing::TestWithParam<std::string> {};

// The connection is thrown away, the next request goes over a clean one.
TEST_P(MaliciousAnswer, IsRefusedAndPoisonsNothing) {
    ScriptedServer server([&](Peer& peer, int connection) {
        peer.request();
        peer.write(connection == 0 ? GetParam() : std::string(kOk));
        peer.until_closed();
    });
    Harness harness;
    const auto endpoint = Harness::endpoint(server.url());
    const Answer answer = harness.ask(endpoint);
    const Error error = answer.failure ? answer.failure->error : answer.body_error.value_or(Error{});
    EXPECT_TRUE(error.kind == ErrorKind::malformed || error.kind == ErrorKind::too_large) << error.text();
    harness.expect_nothing_left();
    EXPECT_EQ(harness.ask(endpoint).body, "ok");
}

const std::string kHead = "HTTP/1.1 200 OK\r\n";
INSTANTIATE_TEST_SUITE_P(
    Client, MaliciousAnswer,
    testing::Values(kHead + "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                    kHead + "content-length: 2\r\ncontent-length: 2\r\n\r\nok",
                    kHead + "content-length: 2\r\ncontent-length: 3\r\n\r\nok",
                    kHead + "content-length: 2, 2\r\n\r\nok", kHead + "content-length: +2\r\n\r\nok",
                    kHead + "content-length: 2x\r\n\r\nok", kHead + "content-length: -1\r\n\r\n",
                    kHead + "content-length:\r\n\r\n", kHead + "content-length: 99999999999999999999\r\n\r\n",
                    kHead + "transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                    kHead + "transfer-encoding: gzip\r\n\r\n",
                    kHead + "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                    "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                    kHead + "transfer-encoding: chunked\r\n\r\nzz\r\n",
                    kHead + "transfer-encoding: chunked\r\n\r\n2\r\nokX\r\n0\r\n\r\n",
                    kHead + "content-encoding: gzip\r\ncontent-length: 2\r\n\r\nok",
                    kHead + "x: a\r\n b\r\ncontent-length: 2\r\n\r\nok",
                    kHead + "x : a\r\ncontent-length: 2\r\n\r\nok", kHead + std::string("x: a\0b\r\n\r\n", 10),
                    kHead + "x: a\n\r\n\r\n", "HTTP/1.1 200 OK\ncontent-length: 2\n\nok",
                    "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n",
                    "HTTP/1.1 999 ?\r\n\r\n", "ICY 200 OK\r\n\r\n", "220 smtp.example.com ESMTP\r\n\r\n",
                    "\r\n\r\n", kHead + "x: " + std::string(100'000, 'a') + "\r\n\r\n",
                    kHead + std::string(10'000'000, 'a')));

TEST(Client, RefusesToWriteARequestThatWouldSplit) {
    Harness harness;
    Request request = post(Harness::endpoint("http://127.0.0.1:1"));
    request.path = "/a b HTTP/1.1\r\nx: y";
    EXPECT_EQ(harness.ask(request).failure->error.kind, ErrorKind::invalid_input);
    request = post(request.endpoint);
    request.headers = "a: b\r\n\r\nGET / HTTP/1.1\r\n";
    EXPECT_EQ(harness.ask(request).failure->error.kind, ErrorKind::invalid_input);
    harness.expect_nothing_left();
}

TEST(Client, ClosesIdleConnectionsAfterTheirTime) {
    ScriptedServer server(always(std::string(kOk)));
    Harness harness;
    harness.ask(Harness::endpoint(server.url()));
    EXPECT_EQ(harness.stats().idle, 1U);
    harness.clock.advance(std::chrono::seconds{61});
    while (harness.stats().open > 0) std::this_thread::yield();
    harness.expect_nothing_left();
}

TEST(Client, DoesNotReuseAConnectionPastItsAge) {
    ScriptedServer server(always(std::string(kOk)));
    Harness harness;
    const auto endpoint = Harness::endpoint(server.url());
    for (int i = 0; i < 12; ++i) {
        harness.ask(endpoint);
        harness.clock.advance(std::chrono::seconds{59});
    }
    EXPECT_EQ(server.connections(), 2);
}

TEST(Client, RetireClosesIdleConnectionsAtOnceAndBusyOnesOnReturn) {
    Event go;
    ScriptedServer server([&](Peer& peer, int connection) {
        while (!peer.request().empty()) {
            if (connection == 1)
                go.wait();
            peer.write(kOk);
        }
    });
    Harness harness;
    const auto endpoint = Harness::endpoint(server.url());
    harness.ask(endpoint);
    Request busy = post(endpoint);
    busy.fresh_connection = true;
    std::future<Answer> answer = harness.begin(busy);
    harness.on_thread([&] { harness.client->retire({}); });
    EXPECT_EQ(harness.stats().idle, 0U);
    go.set();
    EXPECT_EQ(answer.get().body, "ok");
    harness.expect_nothing_left();
}

TEST(Client, RetireKeepsConnectionsOfEndpointsInUse) {
    ScriptedServer server(always(std::string(kOk)));
    Harness harness;
    const auto endpoint = Harness::endpoint(server.url());
    harness.ask(endpoint);
    const EndpointKey used[] = {Harness::endpoint(server.url())->key()};
    harness.on_thread([&] { harness.client->retire(used); });
    EXPECT_TRUE(harness.ask(endpoint).reused);
}

}  // namespace
}  // namespace tidegate::upstream
