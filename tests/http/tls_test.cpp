#include "http/fixture.h"
#include "http/identity.h"

#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <openssl/ssl.h>

namespace tidegate::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class TlsClient {
  public:
    TlsClient(const std::string& address, std::string_view protocols)
        : context_(SSL_CTX_new(TLS_client_method())) {
        bio_ = BIO_new_ssl_connect(context_);
        BIO_get_ssl(bio_, &ssl_);
        if (!protocols.empty()) {
            SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(protocols.data()),
                                static_cast<unsigned>(protocols.size()));
        }
        BIO_set_conn_hostname(bio_, address.c_str());
        connected_ = BIO_do_connect(bio_) == 1 && BIO_do_handshake(bio_) == 1;
    }
    ~TlsClient() {
        BIO_free_all(bio_);
        SSL_CTX_free(context_);
    }
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    bool connected() const { return connected_; }
    std::string protocol() const {
        const unsigned char* name = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(ssl_, &name, &size);
        return std::string(reinterpret_cast<const char*>(name), size);
    }
    void send(std::string_view bytes) { BIO_write(bio_, bytes.data(), static_cast<int>(bytes.size())); }
    std::string read_until(std::string_view mark) {
        while (received_.find(mark) == std::string::npos) {
            char bytes[16384];
            const int size = BIO_read(bio_, bytes, sizeof bytes);
            if (size <= 0)
                break;
            received_.append(bytes, static_cast<std::size_t>(size));
        }
        const std::size_t at = received_.find(mark);
        const std::string result = received_.substr(0, at == std::string::npos ? at : at + mark.size());
        received_.erase(0, result.size());
        return result;
    }
    // The end came with a close_notify, not by a cut.
    bool ended_properly() const { return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }

  private:
    SSL_CTX* context_;
    BIO* bio_ = nullptr;
    SSL* ssl_ = nullptr;
    bool connected_ = false;
    std::string received_;
};

class TlsTest : public ServerTest {
  protected:
    void start_tls() {
        ListenerOptions options = small_options();
        options.tls = TlsOptions{identity_.certificate(), identity_.private_key()};
        start(options);
    }
    Identity identity_;
};

TEST_F(TlsTest, ServesWholeAnswersAndStreams) {
    start_tls();
    TlsClient client(server_->address(), "\x02h2\x08http/1.1");
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(client.protocol(), "http/1.1");
    const std::string body(200'000, 'b');
    for (int i = 0; i < 5; ++i) {
        client.send(fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}end",
                                body.size() + 3, body));
        EXPECT_THAT(client.read_until("bend"), HasSubstr("body=200003:"));
    }
    client.send("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\none,two");
    EXPECT_THAT(client.read_until("0\r\n\r\n"), EndsWith("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
    client.send("GET /big?300000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(client.read_until("never"), EndsWith(std::string(300'000, 'x')));
    EXPECT_TRUE(client.ended_properly());
}

TEST_F(TlsTest, RefusesMalformedRequestsAndOtherProtocols) {
    start_tls();
    TlsClient client(server_->address(), "");
    client.send("GET /echo HTTP/1.1\r\nHost : a\r\n\r\n");
    EXPECT_THAT(client.read_until("never"), HasSubstr("HTTP/1.1 400"));
    TlsClient http2(server_->address(), "\x02h2");
    EXPECT_FALSE(http2.connected());
    Client plain = this->client();
    ASSERT_TRUE(plain.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
    plain.end_sending();
    EXPECT_THAT(plain.read_to_end(), testing::Not(HasSubstr("HTTP/1.1")));
    EXPECT_EQ(handler_.handled, 0);
}

TEST_F(TlsTest, CancelsAHandlerWhoseClientLeaves) {
    start_tls();
    {
        TlsClient client(server_->address(), "");
        client.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
        client.read_until("data: first\n\n");
    }
    ASSERT_TRUE(handler_.wait_for_cancelled(1));
    EXPECT_TRUE(eventually([](const Statistics& now) { return now.open() == 0; }));
}

TEST_F(TlsTest, Drains) {
    start_tls();
    TlsClient client(server_->address(), "");
    client.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    client.read_until("body=0:");
    std::thread drain([&] { EXPECT_TRUE(server_->drain(std::chrono::seconds{10})); });
    EXPECT_EQ(client.read_until("never"), "");
    drain.join();
}

TEST_F(TlsTest, KnowsWhenTheFirstCertificateOfItsChainExpires) {
    const auto in = [](std::chrono::seconds lifetime) {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + lifetime;
    };
    const auto expires_in = [&](std::chrono::hours lifetime) {
        const std::chrono::seconds from_now = server_->certificate_expiry() - in(lifetime);
        EXPECT_LE(std::chrono::abs(from_now), std::chrono::minutes{5}) << "as long as a slow machine may take";
    };
    start_tls();
    expires_in(std::chrono::hours{1});

    const Identity late(std::chrono::hours{24 * 365 * 7000});
    ASSERT_TRUE(server_->update_tls({late.certificate(), late.private_key()}));
    expires_in(std::chrono::hours{24 * 365 * 7000});
    late.append_certificate(std::chrono::hours{48});
    late.append_certificate(std::chrono::hours{72});
    ASSERT_TRUE(server_->update_tls({late.certificate(), late.private_key()}));
    expires_in(std::chrono::hours{48});

    EXPECT_FALSE(server_->update_tls({late.certificate(), identity_.private_key()}));
    expires_in(std::chrono::hours{48});
}

TEST_F(TlsTest, NamesTheFileThatIsWrong) {
    ListenerOptions options = small_options();
    options.tls = TlsOptions{"/nonexistent/certificate.pem", identity_.private_key()};
    auto server = Server::listen(options, {&one_}, handler_);
    ASSERT_FALSE(server.has_value());
    EXPECT_THAT(server.error().message, HasSubstr("\"/nonexistent/certificate.pem\""));
    options.tls = TlsOptions{identity_.certificate(), identity_.certificate()};
    server = Server::listen(options, {&one_}, handler_);
    ASSERT_FALSE(server.has_value());
    EXPECT_THAT(server.error().message, HasSubstr("private key"));
}

TEST_F(TlsTest, RefusesAPairThatDoesNotFitWhateverItsTypes) {
    const Identity other;
    const Identity rsa(std::chrono::hours{1}, EVP_RSA_gen(2048));
    using Pair = std::pair<const Identity*, const Identity*>;
    for (const auto& [certificate, key] :
         {Pair{&identity_, &other}, Pair{&identity_, &rsa}, Pair{&rsa, &identity_}}) {
        const Result<std::chrono::sys_seconds> checked =
            check_tls({certificate->certificate(), key->private_key()});
        ASSERT_FALSE(checked.has_value());
        EXPECT_THAT(checked.error().message,
                    HasSubstr("cannot use the private key in \"" + key->private_key()));
    }
    EXPECT_THAT(check_tls({identity_.certificate(), rsa.private_key()}).error().message,
                EndsWith("it is of another type than the certificate in \"" + identity_.certificate() + "\""));
    EXPECT_TRUE(check_tls({rsa.certificate(), rsa.private_key()}).has_value());
}

}  // namespace
}  // namespace tidegate::http
