#include "upstream/dns_server.h"
#include "upstream/harness.h"

#include <gtest/gtest.h>

namespace tidegate::upstream {
namespace {

using test::Answer;
using test::DnsServer;
using test::Harness;
using test::Peer;
using test::ScriptedServer;

ScriptedServer::Script say(std::string text) {
    return [text = std::move(text)](Peer& peer, int) {
        while (!peer.request().empty())
            peer.write("HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(text.size()) + "\r\n\r\n" + text);
    };
}

ClientOptions asking(const DnsServer& dns) {
    ClientOptions options;
    options.dns_servers = dns.address();
    options.dns_timeout = std::chrono::milliseconds{100};
    return options;
}

TEST(Resolver, AsksOnceAndKeepsTheAnswerForItsTime) {
    DnsServer dns([](const DnsServer::Question& question) {
        return question.v6 ? DnsServer::none() : DnsServer::Answer{0, 60, {"127.0.0.1"}};
    });
    ScriptedServer server(say("a"));
    Harness harness(asking(dns));
    Request request;
    request.endpoint = Harness::endpoint(server.url("api.test"));
    request.path = "/";
    request.fresh_connection = true;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(harness.ask(request).body, "a");
    EXPECT_EQ(dns.questions(), 2);  // A and AAAA
}

TEST(Resolver, FollowsAnAddressThatChangesEvenForPooledConnections) {
    std::atomic<int> second{0};
    DnsServer dns([&](const DnsServer::Question& question) {
        if (question.v6)
            return DnsServer::none();
        return DnsServer::Answer{0, 1, {second ? "127.0.0.2" : "127.0.0.1"}};
    });
    ScriptedServer old_server(say("old"));
    ScriptedServer new_server(say("new"), nullptr, "127.0.0.2", old_server.port());
    Harness harness(asking(dns));
    const auto endpoint = Harness::endpoint(old_server.url("moving.test"));
    EXPECT_EQ(harness.ask(endpoint).body, "old");
    second = 1;
    EXPECT_EQ(harness.ask(endpoint).body, "old") << "its time is not over";
    const int asked = dns.questions();
    harness.clock.advance(std::chrono::seconds{2});
    harness.ask(endpoint);  // asks again, and need not wait
    dns.wait_for_questions(asked + 2);
    std::string last;
    while (last != "new") last = harness.ask(endpoint).body;
    EXPECT_EQ(harness.stats().idle, 1U);
}

TEST(Resolver, KeepsTheLastGoodAnswerWhenTheServersFail) {
    std::atomic<bool> broken{false};
    DnsServer dns([&](const DnsServer::Question& question) {
        if (broken)
            return DnsServer::failure();
        return question.v6 ? DnsServer::none() : DnsServer::Answer{0, 1, {"127.0.0.1"}};
    });
    ScriptedServer server(say("a"));
    Harness harness(asking(dns));
    Request request;
    request.endpoint = Harness::endpoint(server.url("api.test"));
    request.path = "/";
    request.fresh_connection = true;
    EXPECT_EQ(harness.ask(request).body, "a");
    broken = true;
    const int asked = dns.questions();
    harness.clock.advance(std::chrono::minutes{1});
    EXPECT_EQ(harness.ask(request).body, "a");
    EXPECT_GT(dns.questions(), asked);
}

TEST(Resolver, UsesTheLastGoodAnswerWhenTheServersAreSilent) {
    std::atomic<bool> silent{false};
    DnsServer dns([&](const DnsServer::Question& question) -> std::optional<DnsServer::Answer> {
        if (silent)
            return std::nullopt;
        return question.v6 ? DnsServer::none() : DnsServer::Answer{0, 1, {"127.0.0.1"}};
    });
    ScriptedServer server(say("a"));
    Harness harness(asking(dns));
    Request request;
    request.endpoint = Harness::endpoint(server.url("api.test"));
    request.path = "/";
    request.fresh_connection = true;
    EXPECT_EQ(harness.ask(request).body, "a");
    silent = true;
    const int asked = dns.questions();
    harness.clock.advance(std::chrono::minutes{1});
    std::future<Answer> pending = harness.begin(request);
    dns.wait_for_questions(asked + 2);
    harness.clock.advance(std::chrono::milliseconds{1'500});
    EXPECT_EQ(pending.get().body, "a");
}

TEST(Resolver, ForgetsANameThatDoesNotExistAnyMore) {
    std::atomic<bool> gone{false};
    DnsServer dns([&](const DnsServer::Question& question) {
        if (gone)
            return DnsServer::no_such_name();
        return question.v6 ? DnsServer::none() : DnsServer::Answer{0, 1, {"127.0.0.1"}};
    });
    ScriptedServer server(say("a"));
    Harness harness(asking(dns));
    Request request;
    request.endpoint = Harness::endpoint(server.url("api.test"));
    request.path = "/";
    request.fresh_connection = true;
    EXPECT_EQ(harness.ask(request).body, "a");
    gone = true;
    harness.clock.advance(std::chrono::seconds{2});
    const Answer answer = harness.ask(request);
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->error.kind, ErrorKind::unavailable);
    EXPECT_EQ(answer.failure->phase, Phase::connect);
}

TEST(Resolver, UnknownNameAndSilentServersAreUnavailable) {
    for (const bool silent : {false, true}) {
        DnsServer dns([&](const DnsServer::Question&) -> std::optional<DnsServer::Answer> {
            if (silent)
                return std::nullopt;
            return DnsServer::no_such_name();
        });
        Harness harness(asking(dns));
        EndpointOptions options;
        options.base_url = "http://unknown.test";
        options.timeouts.connect = std::chrono::hours{100};
        Request request;
        request.endpoint = Harness::endpoint(options);
        request.path = "/";
        std::future<Answer> pending = harness.begin(request);
        // c-ares counts real time, and looks at it when the thread's clock says so.
        while (pending.wait_for(std::chrono::milliseconds{1}) != std::future_status::ready)
            harness.clock.advance(std::chrono::seconds{1});
        const Answer answer = pending.get();
        ASSERT_TRUE(answer.failure);
        EXPECT_EQ(answer.failure->error.kind, ErrorKind::unavailable) << answer.failure->error.text();
        harness.expect_nothing_left();
    }
}

TEST(Resolver, TriesTheNextAddressWhenOneIsDead) {
    DnsServer dns([](const DnsServer::Question& question) {
        if (question.v6)
            return DnsServer::Answer{0, 60, {"::1"}};
        return DnsServer::Answer{0, 60, {"127.0.0.3", "127.0.0.1"}};
    });
    ScriptedServer server(say("a"));
    Harness harness(asking(dns));
    EXPECT_EQ(harness.ask(Harness::endpoint(server.url("many.test"))).body, "a");
}

TEST(Resolver, KnowsLocalhostWithoutAsking) {
    DnsServer dns([](const DnsServer::Question&) { return DnsServer::no_such_name(); });
    ScriptedServer server(say("a"));
    Harness harness(asking(dns));
    EXPECT_EQ(harness.ask(Harness::endpoint(server.url("localhost"))).body, "a");
    EXPECT_EQ(dns.questions(), 0);
}

TEST(Resolver, ManyWhoWaitAskOnce) {
    std::atomic<bool> open{false};
    DnsServer dns([&](const DnsServer::Question& question) {
        while (!open) std::this_thread::yield();
        return question.v6 ? DnsServer::none() : DnsServer::Answer{0, 60, {"127.0.0.1"}};
    });
    ScriptedServer server(say("a"));
    ClientOptions options = asking(dns);
    options.dns_timeout = std::chrono::seconds{20};
    Harness harness(options);
    Request request;
    request.endpoint = Harness::endpoint(server.url("api.test"));
    request.path = "/";
    std::vector<std::future<Answer>> pending;
    for (int i = 0; i < 20; ++i) pending.push_back(harness.begin(request));
    open = true;
    for (auto& answer : pending) EXPECT_EQ(answer.get().body, "a");
    EXPECT_EQ(dns.questions(), 2);
}

TEST(Dialer, RefusesANameThatLeadsToAPrivateAddress) {
    DnsServer dns([](const DnsServer::Question& question) {
        return question.v6 ? DnsServer::Answer{0, 60, {"::ffff:127.0.0.1"}}
                           : DnsServer::Answer{0, 60, {"127.0.0.1"}};
    });
    ScriptedServer server(say("a"));
    Harness harness(asking(dns));
    EndpointOptions options;
    options.base_url = server.url("rebound.test");
    const Answer refused = harness.ask(*make_endpoint(options));
    ASSERT_TRUE(refused.failure);
    EXPECT_EQ(refused.failure->error.source, ErrorSource::gateway);
    EXPECT_NE(refused.failure->error.message.find("loopback"), std::string::npos)
        << refused.failure->error.message;
    EXPECT_EQ(server.connections(), 0);
    options.allow_private = {"rebound.test"};
    EXPECT_EQ(harness.ask(*make_endpoint(options)).body, "a");
    options.allow_private = {"127.0.0.0/8"};
    EXPECT_EQ(harness.ask(*make_endpoint(options)).body, "a");
}

}  // namespace
}  // namespace tidegate::upstream
