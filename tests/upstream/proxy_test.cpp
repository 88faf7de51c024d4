#include "upstream/certificates.h"
#include "upstream/harness.h"

#include <gtest/gtest.h>

namespace tidegate::upstream {
namespace {

using test::Answer;
using test::Harness;
using test::Peer;
using test::ScriptedServer;

TEST(Proxy, GetsTheWholeAddressOfAPlainRequest) {
    std::string seen;
    ScriptedServer proxy([&](Peer& peer, int) {
        seen = peer.request();
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        peer.until_closed();
    });
    Harness harness;
    EndpointOptions options;
    options.base_url = "http://api.test/v1";
    options.proxy = proxy.url();
    EXPECT_EQ(harness.ask(Harness::endpoint(options)).body, "ok");
    EXPECT_TRUE(seen.starts_with("POST http://api.test:80/v1/chat HTTP/1.1\r\nhost: api.test\r\n")) << seen;
}

TEST(Proxy, IsAskedForATunnelBeforeTlsAndNeverSeesTheRequest) {
    test::Authority authority;
    std::string asked;
    std::string inner;
    ScriptedServer proxy([&](Peer& peer, int) {
        asked = peer.request();
        peer.write("HTTP/1.1 200 Connection established\r\n\r\n");
        if (!peer.secure_from_here(authority.server({})))
            return;
        inner = peer.request();
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        peer.until_closed();
    });
    Harness harness;
    EndpointOptions options;
    options.base_url = "https://good.test";
    options.headers = {{"authorization", "Bearer key"}};
    options.ca_file = authority.file();
    options.proxy = proxy.url();
    EXPECT_EQ(harness.ask(Harness::endpoint(options)).body, "ok");
    EXPECT_EQ(asked, "CONNECT good.test:443 HTTP/1.1\r\nhost: good.test:443\r\n\r\n");
    EXPECT_NE(inner.find("Bearer key"), std::string::npos);
}

TEST(Proxy, WhoseRefusalOrGarbageIsUnavailableOrMalformed) {
    for (const auto& [answer, kind] :
         {std::pair<std::string, ErrorKind>{"HTTP/1.1 403 Forbidden\r\n\r\n", ErrorKind::unavailable},
          {"HTTP/1.1 200 OK\r\n\r\nsurplus", ErrorKind::malformed},
          {"garbage\n", ErrorKind::malformed}}) {
        ScriptedServer proxy([&](Peer& peer, int) {
            peer.request();
            peer.write(answer);
            peer.until_closed();
        });
        Harness harness;
        EndpointOptions options;
        options.base_url = "https://good.test";
        options.proxy = proxy.url();
        const Answer refused = harness.ask(Harness::endpoint(options));
        ASSERT_TRUE(refused.failure);
        EXPECT_EQ(refused.failure->error.kind, kind) << refused.failure->error.text();
        EXPECT_EQ(refused.failure->phase, Phase::connect);
        EXPECT_FALSE(refused.failure->any_bytes);
        harness.expect_nothing_left();
    }
}

}  // namespace
}  // namespace tidegate::upstream
