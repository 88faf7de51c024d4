// The one dialer: name to address, the address policy, TCP, proxy, TLS.
#include "upstream/connection.h"
#include "upstream/state.h"

#include <algorithm>

#include <arpa/inet.h>
#include <boost/asio/ssl/context.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace tidegate::upstream {
namespace {

constexpr std::size_t kMaxAddresses = 4;
constexpr Duration kLeastForAnAddress = std::chrono::milliseconds{250};
// How long a new answer is waited for while an old one is at hand.
constexpr Duration kWaitForFresh = std::chrono::seconds{1};

// The other family second, so that a broken one costs one attempt (RFC 8305, in sequence); the one that worked
// first.
void put_in_order(std::vector<asio::ip::address>& addresses,
                  const std::optional<asio::ip::address>& preferred) {
    if (preferred) {
        const auto found = std::find(addresses.begin(), addresses.end(), *preferred);
        if (found != addresses.end())
            std::rotate(addresses.begin(), found, found + 1);
    }
    if (addresses.size() < 3)
        return;
    const bool v6 = addresses.front().is_v6();
    const auto other = std::find_if(addresses.begin() + 1, addresses.end(),
                                    [&](const auto& address) { return address.is_v6() != v6; });
    if (other != addresses.end())
        std::rotate(addresses.begin() + 1, other, other + 1);
}

}  // namespace

async::Task<bool> Connection::open() {
    phase_ = Phase::connect;
    if (stop_ != Stop::none)
        co_return fail_io({});
    const SteadyTime deadline =
        std::min(total_, state_->thread.clock().steady() + endpoint_->timeouts().connect);
    const std::string& host = endpoint_->proxied() ? endpoint_->proxy_host() : endpoint_->host();
    const std::uint16_t port = endpoint_->proxied() ? endpoint_->proxy_port() : endpoint_->port();
    std::vector<asio::ip::address> addresses;
    const bool resolved = co_await resolve(host, deadline, addresses);
    if (!resolved)
        co_return false;
    if (!permit(addresses))
        co_return false;
    const bool connected = co_await connect(addresses, port, deadline);
    if (!connected)
        co_return false;
    boost::system::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    if (!endpoint_->tls())
        co_return true;
    if (endpoint_->proxied()) {
        arm(deadline);
        const bool tunnelled = co_await ask_proxy();
        if (!tunnelled)
            co_return false;
    }
    const bool secured = co_await handshake();
    co_return secured;
}

async::Task<bool> Connection::resolve(const std::string& host, SteadyTime deadline,
                                      std::vector<asio::ip::address>& addresses) {
    boost::system::error_code no_literal;
    const auto literal = asio::ip::make_address(host, no_literal);
    if (!no_literal) {
        addresses.push_back(literal);
        co_return true;
    }
    const std::shared_ptr<ClientState> state = state_;
    if (!state->resolver)
        co_return fail(
            Error{ErrorKind::cancelled, ErrorSource::gateway, "the client is closed", nullptr, false});
    const std::shared_ptr<HostRecord> record = state->resolver->record(host);
    state->resolver->refresh(record);
    if (record->asking) {
        const SteadyTime now = state->thread.clock().steady();
        const SteadyTime until = record->addresses.empty() ? deadline : std::min(deadline, now + kWaitForFresh);
        soft_ = true;
        arm(until);
        co_await Resolver::wait(record, signal_);
        soft_ = false;
    }
    if (stop_ != Stop::none)
        co_return fail_io({});
    if (!record->addresses.empty()) {
        addresses = record->addresses;
        put_in_order(addresses, record->preferred);
        generation = record->generation;
        co_return true;
    }
    if (record->asking) {
        stop_ = Stop::timed_out;
        co_return fail_io({});
    }
    co_return fail(record->error.value_or(
        Error{ErrorKind::unavailable, ErrorSource::upstream, "cannot resolve " + host, nullptr, true}));
}

// Leaves the addresses that may be dialled. The proxy is the operator's own, and what is behind it is the
// proxy's to guard.
bool Connection::permit(std::vector<asio::ip::address>& addresses) {
    if (endpoint_->proxied())
        return true;
    const asio::ip::address first = addresses.front();
    std::erase_if(addresses, [&](const asio::ip::address& address) {
        return !endpoint_->policy().allows(endpoint_->host(), address);
    });
    if (!addresses.empty())
        return true;
    return fail(Error{ErrorKind::unavailable, ErrorSource::gateway,
                      fmt::format("{} leads to the {} address {}; list it in outbound.allow_private, or set "
                                  "a provider's allow_private_address, if that is meant",
                                  endpoint_->host(), to_string(range_of(first)), first.to_string()),
                      nullptr, false});
}

async::Task<bool> Connection::connect(const std::vector<asio::ip::address>& addresses, std::uint16_t port,
                                      SteadyTime deadline) {
    const std::size_t count = std::min(addresses.size(), kMaxAddresses);
    boost::system::error_code failure;
    for (std::size_t i = 0; i < count; ++i) {
        const SteadyTime now = state_->thread.clock().steady();
        const bool last = i + 1 == count;
        const auto share =
            std::max<Duration>((deadline - now) / static_cast<int>(count - i), kLeastForAnAddress);
        soft_ = !last && now + share < deadline;
        arm(soft_ ? now + share : deadline);
        const asio::ip::tcp::endpoint peer(addresses[i], port);
        socket_.close(failure);
        socket_.open(peer.protocol(), failure);
        if (!failure)
            std::tie(failure) = co_await socket_.async_connect(peer, async::as_tuple);
        soft_ = false;
        if (stop_ != Stop::none)
            co_return fail_io(failure);
        if (!failure && socket_.is_open()) {
            address_ = addresses[i];
            if (const bool named = !endpoint_->literal() && state_->resolver != nullptr;
                named && !endpoint_->proxied()) {
                state_->resolver->record(endpoint_->host())->preferred = address_;
            }
            co_return true;
        }
    }
    if (failure == asio::error::operation_aborted)
        failure = asio::error::timed_out;
    co_return fail(Error{ErrorKind::unavailable, ErrorSource::upstream,
                         fmt::format("cannot connect to {}: {}", where(), failure.message()), nullptr, true});
}

// A tunnel to the endpoint (RFC 9110, 9.3.6).
async::Task<bool> Connection::ask_proxy() {
    const std::string ask = fmt::format("CONNECT {0} HTTP/1.1\r\nhost: {0}\r\n\r\n", endpoint_->authority());
    const Parts parts{asio::buffer(ask), {}};
    const auto failure = co_await write_all(parts);
    if (failure || stop_ != Stop::none)
        co_return fail_io(failure);
    state_->lend(buffer_);
    HeadScanner scanner;
    HeadScanner::Status status = scanner.scan(buffer_.view());
    while (status == HeadScanner::Status::need_more && buffer_.view().size() < ReadBuffer::kSize) {
        const bool filled = co_await fill(ReadBuffer::kSize);
        any_bytes_ = false;  // not of the provider
        if (!filled)
            co_return false;
        status = scanner.scan(buffer_.view());
    }
    const bool whole =
        status == HeadScanner::Status::complete && head_.parse(buffer_.view().substr(0, scanner.size()), true);
    if (!whole || buffer_.view().size() != scanner.size())
        co_return fail_malformed("the proxy's answer to CONNECT");
    if (head_.status() / 100 != 2) {
        co_return fail(Error{ErrorKind::unavailable, ErrorSource::upstream,
                             fmt::format("the proxy refused the way to {}: status {}", where(), head_.status()),
                             nullptr, true});
    }
    state_->take_back(buffer_);
    received_ = 0;
    co_return true;
}

async::Task<bool> Connection::handshake() {
    phase_ = Phase::tls;
    tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, state_->tls_context(endpoint_->trust()));
    SSL* const ssl = tls_->native_handle();
    X509_VERIFY_PARAM* const verify = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const std::string& host = endpoint_->host();
    const bool named = endpoint_->literal() ? X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str()) == 1
                                            : SSL_set1_host(ssl, host.c_str()) == 1 &&
                                                  SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
    if (!named)
        co_return fail(
            Error{ErrorKind::internal, ErrorSource::gateway, "cannot check the name " + host, nullptr, false});
    arm(state_->thread.clock().steady() + endpoint_->timeouts().connect);
    const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, async::as_tuple);
    if (stop_ != Stop::none)
        co_return fail_io(error);
    if (!error)
        co_return true;
    const long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK) {
        co_return fail(Error{ErrorKind::unavailable, ErrorSource::upstream,
                             fmt::format("the certificate of {} is not accepted: {}", where(),
                                         X509_verify_cert_error_string(verdict)),
                             nullptr, false});
    }
    co_return fail(Error{ErrorKind::unavailable, ErrorSource::upstream,
                         fmt::format("no TLS connection to {}: {}", where(), error.message()), nullptr, true});
}

}  // namespace tidegate::upstream
