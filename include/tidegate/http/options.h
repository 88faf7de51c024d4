// What an operator may say about a listener.
#pragma once

#include <tidegate/base/clock.h>

#include <cstddef>
#include <optional>
#include <string>

namespace tidegate::http {

// Reached limits refuse, they never make anybody wait. `connections` and `in_flight` are counted over all
// threads.
struct Limits {
    std::size_t header = 16 * 1024;       // bytes of request line and fields together; more is 431
    std::size_t target = 8 * 1024;        // bytes of the request target; more is 414
    std::size_t fields = 100;             // header fields; more is 431
    std::size_t body = 32 * 1024 * 1024;  // bytes of a decoded body; more is 413
    std::size_t connections = 20'000;  // open at once; above, only health checks are answered, the rest is 503
    std::size_t in_flight = 10'000;    // requests between head and end of answer; more is 503
};

// Coarse: they fire up to 100 ms late.
struct Timeouts {
    Duration header = std::chrono::seconds{10};  // from the first byte of a request to the end of its head: 408
    Duration body = std::chrono::seconds{60};    // from the end of the head to the end of the body: 408
    Duration idle = std::chrono::seconds{75};    // between two requests: closed without a word
    Duration write = std::chrono::seconds{30};   // without the client taking a single byte: closed
    Duration linger = std::chrono::seconds{2};   // for a refused client to read its answer while it still sends
    Duration drain = std::chrono::seconds{30};   // for answers in progress when the server drains
    Duration cancel = std::chrono::seconds{2};   // for cancelled handlers to say goodbye, after `drain`
};

// Paths of PEM files; the certificate with its chain.
struct TlsOptions {
    std::string certificate;
    std::string private_key;
};

struct ListenerOptions {
    std::string address =
        "127.0.0.1:8080";           // an IP address and a port: "0.0.0.0:8080", "[::1]:0" (0: any free port)
    std::optional<TlsOptions> tls;  // plain HTTP without
    Limits limits;
    Timeouts timeouts;
};

}  // namespace tidegate::http
