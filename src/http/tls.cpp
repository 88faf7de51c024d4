#include "http/tls.h"

#include <algorithm>
#include <ctime>
#include <string_view>

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace tidegate::http {
namespace {

// A client that offers protocols must offer ours: it would speak HTTP/2 otherwise.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
    constexpr std::string_view kOurs = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    const int result =
        SSL_select_next_proto(&chosen, size, reinterpret_cast<const unsigned char*>(kOurs.data()),
                              static_cast<unsigned>(kOurs.size()), offered, offered_size);
    *out = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Seconds, because a certificate may say the year 9999.
std::chrono::sys_seconds not_after(const X509* certificate) {
    std::tm time{};
    ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time);
    return std::chrono::sys_seconds{std::chrono::seconds{::timegm(&time)}};
}

}  // namespace

Result<boost::asio::ssl::context> make_tls_context(const TlsOptions& options) {
    using boost::asio::ssl::context;
    context tls(context::tls_server);
    boost::system::error_code error;
    const auto fail = [&](std::string_view what, const std::string& file) {
        return Error{ErrorKind::invalid_input, ErrorSource::gateway,
                     fmt::format("cannot use the {} in \"{}\": {}", what, file, error.message())};
    };
    tls.set_options(
        context::default_workarounds | context::no_tlsv1 | context::no_tlsv1_1 | context::no_compression,
        error);
    if (error)
        return fail("options of TLS", "");
    tls.use_certificate_chain_file(options.certificate, error);
    if (error)
        return fail("certificate", options.certificate);
    tls.use_private_key_file(options.private_key, context::pem, error);
    if (error)
        return fail("private key", options.private_key);
    // Loading compares only keys of one type.
    if (SSL_CTX_check_private_key(tls.native_handle()) != 1) {
        return Error{
            ErrorKind::invalid_input, ErrorSource::gateway,
            fmt::format("cannot use the private key in \"{}\": it is of another type than the certificate "
                        "in \"{}\"",
                        options.private_key, options.certificate)};
    }
    SSL_CTX_set_options(tls.native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(tls.native_handle(), SSL_MODE_RELEASE_BUFFERS);  // idle connections are cheap
    SSL_CTX_set_alpn_select_cb(tls.native_handle(), choose_protocol, nullptr);
    return tls;
}

std::chrono::sys_seconds expiry_of_chain(boost::asio::ssl::context& tls) {
    auto first = not_after(SSL_CTX_get0_certificate(tls.native_handle()));
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(tls.native_handle(), &chain);
    for (int i = 0; i < sk_X509_num(chain); ++i) first = std::min(first, not_after(sk_X509_value(chain, i)));
    return first;
}

Result<std::vector<std::shared_ptr<boost::asio::ssl::context>>> make_tls_contexts(const TlsOptions& options,
                                                                                  std::size_t count) {
    std::vector<std::shared_ptr<boost::asio::ssl::context>> contexts;
    for (std::size_t i = 0; i < count; ++i) {
        auto context = make_tls_context(options);
        if (!context)
            return context.error();
        contexts.push_back(std::make_shared<boost::asio::ssl::context>(std::move(*context)));
    }
    return contexts;
}

}  // namespace tidegate::http
