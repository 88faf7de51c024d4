// The HTTP/1.1 client of one I/O thread: pools, deadlines, cancellation. Knows bytes and HTTP, no dialect.
#pragma once

#include <tidegate/async/cancellation.h>
#include <tidegate/async/io_threads.h>
#include <tidegate/upstream/endpoint.h>
#include <tidegate/upstream/response.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::upstream {

struct ClientState;

// What a request needs while it is being sent: everything it points to lives until `send` has returned.
struct Request {
    std::shared_ptr<const Endpoint> endpoint;
    std::string_view method = "POST";
    std::string_view path;  // begins with '/', goes behind the endpoint's prefix; already escaped
    std::string_view
        headers;  // whole lines, "content-type: application/json\r\n…", checked by the caller (check_header)
    std::string_view body;
    SteadyTime first_byte_deadline = SteadyTime::max();  // for the whole head of the answer
    SteadyTime total_deadline = SteadyTime::max();
    Duration idle{};                           // 0: the endpoint's
    std::size_t response_head_limit = 65'536;  // bytes
    bool fresh_connection = false;             // for a second try after a reused connection broke
};

// How far a request came. The caller decides by it about second tries and about what it may have cost.
enum class Phase {
    connect,  // resolving, dialling, or asking the proxy
    tls,
    send,
    first_byte,  // sent; no whole head yet
    body,        // only from Response::read
};
std::string_view to_string(Phase phase);

struct Failure {
    Error error;
    Phase phase = Phase::connect;
    bool sent_whole = false;  // the provider may have got all of the request, and may charge for it
    bool reused = false;      // on a connection that had served before; it may have been dead already
    bool any_bytes = false;   // some answer came
};
[[noreturn]] void throw_exception_from_error(const Failure& failure, const boost::source_location& where);

using Outcome = boost::system::result<std::unique_ptr<Response>, Failure>;

struct ClientOptions {
    Duration idle_for = std::chrono::seconds{60};           // an idle connection is closed after
    Duration max_age = std::chrono::minutes{10};            // a connection is not used again after
    std::size_t idle_per_endpoint = 1024;                   // more are closed when they become idle
    std::string dns_servers;                                // "127.0.0.1:5353", for tests; empty: the system's
    Duration dns_timeout = std::chrono::milliseconds{700};  // of the first of two queries
};

// Of this thread, now.
struct ClientStats {
    std::size_t open = 0;  // connections: being made, busy, idle
    std::size_t idle = 0;
    std::size_t in_flight = 0;   // `send` begun, response not destroyed
    std::uint64_t connects = 0;  // ever dialled
    std::uint64_t reuses = 0;    // requests ever sent on a connection that had served before
};

// Lives on its thread: made before the thread starts, or on it; destroyed on it, or when it has stopped, but
// before the IoThread. Responses that are still alive then close their connections.
class Client {
  public:
    explicit Client(async::IoThread& thread, ClientOptions options = {});
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // Sends one request and reads the head of its answer; any status is a success, redirects are not followed,
    // an interim answer (1xx) is skipped. Errors: `unavailable` (name, refused, reset, closed, certificate),
    // `timeout`, `cancelled`, `malformed` (not HTTP as it should be), `too_large` (head). `cancellation` is
    // heard as long as the response lives; `cancel` closes the connection at once. It never tries a second
    // time.
    async::Task<Outcome> send(const Request& request, async::Cancellation& cancellation);

    // After a reload: connections of endpoints that are not in `used` are closed, idle ones at once, busy ones
    // when their response has been read.
    void retire(std::span<const EndpointKey> used);

    ClientStats stats() const;

  private:
    std::shared_ptr<ClientState> state_;  // shared with the responses
};

// May this become a header line? A token as name, no control character (CR, LF, NUL, …) in the value.
bool check_header(std::string_view name, std::string_view value);

}  // namespace tidegate::upstream
