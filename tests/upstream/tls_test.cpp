#include "upstream/certificates.h"
#include "upstream/dns_server.h"
#include "upstream/harness.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

namespace tidegate::upstream {
namespace {

using test::Answer;
using test::Authority;
using test::CertificateOptions;
using test::DnsServer;
using test::Harness;
using test::Peer;
using test::ScriptedServer;

class Tls : public testing::Test {
  protected:
    static void serve(Peer& peer, int) {
        while (!peer.request().empty()) peer.write("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret");
    }
    static ClientOptions options(const DnsServer& dns) {
        ClientOptions made;
        made.dns_servers = dns.address();
        return made;
    }
    Answer ask(const ScriptedServer& server, std::string_view host, bool trusted = true) {
        EndpointOptions made;
        made.base_url = server.url(host);
        if (trusted)
            made.ca_file = authority.file();
        return harness.ask(Harness::endpoint(made));
    }
    void expect_refused(const CertificateOptions& certificate, std::string_view host, std::string_view why,
                        bool trusted = true) {
        ScriptedServer server(serve, authority.server(certificate));
        const Answer answer = ask(server, host, trusted);
        ASSERT_TRUE(answer.failure);
        EXPECT_EQ(answer.failure->phase, Phase::tls);
        EXPECT_EQ(answer.failure->error.kind, ErrorKind::unavailable);
        EXPECT_FALSE(answer.failure->sent_whole);
        EXPECT_NE(answer.failure->error.message.find(why), std::string::npos) << answer.failure->error.message;
        harness.expect_nothing_left();
    }

    Authority authority;
    DnsServer dns{[](const DnsServer::Question& question) {
        return question.v6 ? DnsServer::none() : DnsServer::Answer{0, 60, {"127.0.0.1"}};
    }};
    Harness harness{options(dns)};
};

TEST_F(Tls, AcceptsACertificateOfATrustedAuthorityForItsName) {
    ScriptedServer server(serve, authority.server({}));
    EXPECT_EQ(ask(server, "good.test").body, "secret");
    EXPECT_TRUE(ask(server, "good.test").reused);
}

TEST_F(Tls, AcceptsAnAddressThatTheCertificateNames) {
    CertificateOptions certificate;
    certificate.names = "IP:127.0.0.1";
    ScriptedServer server(serve, authority.server(certificate));
    EXPECT_EQ(ask(server, "127.0.0.1").body, "secret");
}

TEST_F(Tls, RefusesAnUnknownAuthority) {
    expect_refused({}, "good.test", "certificate", false);
}

TEST_F(Tls, RefusesAnotherName) {
    expect_refused({}, "other.test", "ostname mismatch");
}

TEST_F(Tls, RefusesAnotherAddress) {
    CertificateOptions certificate;
    certificate.names = "IP:127.0.0.2,DNS:127.0.0.1";
    expect_refused(certificate, "127.0.0.1", "IP address mismatch");
}

TEST_F(Tls, RefusesAWildcardThatCoversTwoLabelsOrAPart) {
    CertificateOptions certificate;
    certificate.names = "DNS:*.test,DNS:go*.good.test";
    expect_refused(certificate, "a.good.test", "ostname mismatch");
    expect_refused(certificate, "goo.good.test", "ostname mismatch");
}

TEST_F(Tls, RefusesAnExpiredCertificate) {
    CertificateOptions certificate;
    certificate.begins = -7200;
    certificate.ends = -3600;
    expect_refused(certificate, "good.test", "expired");
}

TEST_F(Tls, RefusesACertificateThatIsNotYetValid) {
    CertificateOptions certificate;
    certificate.begins = 3600;
    certificate.ends = 7200;
    expect_refused(certificate, "good.test", "not yet valid");
}

TEST_F(Tls, RefusesAnOldProtocol) {
    SSL_CTX* context = authority.server({});
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
    ScriptedServer server(serve, context);
    const Answer answer = ask(server, "good.test");
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->phase, Phase::tls);
}

TEST_F(Tls, RefusesAServerThatSpeaksPlainly) {
    ScriptedServer server([](Peer& peer, int) {
        peer.write("HTTP/1.1 200 OK\r\n\r\n");
        peer.until_closed();
    });
    EndpointOptions made;
    made.base_url = "https://good.test:" + std::to_string(server.port());
    const Answer answer = harness.ask(Harness::endpoint(made));
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->phase, Phase::tls);
}

TEST_F(Tls, SendsTheNameAndALargeBody) {
    std::string seen;
    std::string name;
    ScriptedServer server(
        [&](Peer& peer, int) {
            seen = peer.request();
            peer.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
            peer.until_closed();
        },
        [&] {
            SSL_CTX* context = authority.server({});
            SSL_CTX_set_tlsext_servername_arg(context, &name);
            SSL_CTX_set_tlsext_servername_callback(
                context, +[](SSL* ssl, int*, void* out) {
                    const char* given = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
                    if (given != nullptr)
                        *static_cast<std::string*>(out) = given;
                    return SSL_TLSEXT_ERR_OK;
                });
            return context;
        }());
    EndpointOptions made;
    made.base_url = server.url("good.test");
    made.ca_file = authority.file();
    const std::string body(500'000, 'b');
    EXPECT_EQ(harness.ask(Harness::endpoint(made), body).body, "ok");
    EXPECT_TRUE(seen.ends_with("\r\n\r\n" + body));
    EXPECT_EQ(name, "good.test");
}

TEST_F(Tls, BodyUntilCloseNeedsAProperEnd) {
    for (const bool proper : {true, false}) {
        ScriptedServer server(
            [&](Peer& peer, int) {
                peer.request();
                peer.write("HTTP/1.1 200 OK\r\n\r\nall of it");
                if (proper) {
                    peer.close();
                    peer.until_closed();
                } else {
                    peer.cut();
                }
            },
            authority.server({}));
        const Answer answer = ask(server, "good.test");
        EXPECT_EQ(answer.body, "all of it");
        EXPECT_EQ(answer.body_error.has_value(), !proper);
    }
}

}  // namespace
}  // namespace tidegate::upstream
