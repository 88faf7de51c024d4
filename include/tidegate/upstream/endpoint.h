// Where requests go: a base URL with its credentials, limits and address policy, checked and parsed once.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>
#include <tidegate/upstream/address_policy.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::upstream {

class TrustStore;

struct Timeouts {
    Duration connect = std::chrono::seconds{2};  // name and TCP together; the TLS handshake gets as much again
    Duration first_token =
        std::chrono::seconds{30};                // for the caller: it sets Request::first_byte_deadline by it
    Duration idle = std::chrono::seconds{20};    // between two reads of a body, and of one write
    Duration total = std::chrono::seconds{120};  // for the caller: it sets Request::total_deadline by it
};

struct EndpointOptions {
    std::string name;      // of the provider, for messages and limits
    std::string base_url;  // http:// or https://, host, optional port and path; no user, query or fragment
    // Sent with every request, credentials among them. Framing fields (host, content-length, …) are refused.
    std::vector<std::pair<std::string, std::string>> headers;
    bool allow_private_address = false;
    std::vector<std::string> allow_private;  // names and networks of `outbound.allow_private`
    int concurrent = 0;                      // requests in flight of the whole process, 0: any number
    Timeouts timeouts;
    std::string ca_file;  // extra authorities in PEM, beside the system's
    std::string
        proxy;  // http://host:port, empty: none. The operator's own, so the address policy does not apply to it
    std::shared_ptr<const TrustStore>
        trust;  // shares one loaded store between endpoints; loaded from ca_file if absent
};

// Equal for two endpoints exactly if a connection of one may serve the other: everything above but name, limits
// and timeouts is in it. A SHA-256, so that it may be kept and compared without holding a secret.
using EndpointKey = std::array<std::uint8_t, 32>;

// Immutable; shared by all threads.
class Endpoint {
  public:
    const std::string& name() const { return name_; }
    bool tls() const { return tls_; }
    // Lower case; an IPv6 address without brackets.
    const std::string& host() const { return host_; }
    std::uint16_t port() const { return port_; }
    // Host and port as one: "api.example.com:443", "[::1]:8000".
    std::string authority() const;
    // The address, if the host is written as one.
    const std::optional<asio::ip::address>& literal() const { return literal_; }
    // Put before each request's path: empty, or "/v1".
    const std::string& path_prefix() const { return path_prefix_; }
    // "host: …\r\naccept-encoding: identity\r\n…": the lines that every request begins with.
    const std::string& header_lines() const { return header_lines_; }
    // Providers quote the credential that they refuse: puts "[redacted]" wherever `text` has one of ours.
    void redact(std::string& text) const;
    const AddressPolicy& policy() const { return policy_; }
    const Timeouts& timeouts() const { return timeouts_; }
    int concurrent() const { return concurrent_; }
    const EndpointKey& key() const { return key_; }
    // Null without TLS.
    const std::shared_ptr<const TrustStore>& trust() const { return trust_; }
    bool proxied() const { return !proxy_host_.empty(); }
    const std::string& proxy_host() const { return proxy_host_; }
    std::uint16_t proxy_port() const { return proxy_port_; }

  private:
    friend Result<std::shared_ptr<const Endpoint>> make_endpoint(EndpointOptions options);
    Endpoint(EndpointOptions options, AddressPolicy policy);

    std::string name_;
    bool tls_ = false;
    std::string host_;
    std::uint16_t port_ = 0;
    std::optional<asio::ip::address> literal_;
    std::string path_prefix_;
    std::string header_lines_;
    std::vector<std::string> credentials_;
    AddressPolicy policy_;
    Timeouts timeouts_;
    int concurrent_ = 0;
    EndpointKey key_{};
    std::shared_ptr<const TrustStore> trust_;
    std::string proxy_host_;
    std::uint16_t proxy_port_ = 0;
};

// Checks and parses. Reads the authorities' file, so not on an I/O thread. Errors are `invalid_input`, or `io`
// for the file; they name the option and never quote a header's value. A base URL that is an address of a
// refused range is refused here, one that resolves to such an address is when it is dialled.
Result<std::shared_ptr<const Endpoint>> make_endpoint(EndpointOptions options);

// One address of an endpoint.
struct Target {
    std::shared_ptr<const Endpoint> endpoint;
    std::string path;  // with the query; begins with '/'
};

// Splits a URL with path and query; `options.base_url` is not looked at. Errors as of make_endpoint.
Result<Target> make_target(std::string_view url, EndpointOptions options);

}  // namespace tidegate::upstream
