// A listening socket and its connections, spread over I/O threads.
#pragma once

#include <tidegate/async/io_threads.h>
#include <tidegate/base/result.h>
#include <tidegate/http/handler.h>
#include <tidegate/http/options.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::http {

// A snapshot of counters, taken from any thread.
struct Statistics {
    std::vector<std::size_t> connections;  // open now, by thread
    std::size_t in_flight = 0;             // requests between head and end of answer
    std::uint64_t accepted = 0;            // connections, ever
    std::uint64_t requests = 0;            // given to the handler, ever
    std::uint64_t refused = 0;             // requests that the validator or a limit refused
    std::uint64_t overloaded = 0;          // of those and of connections: because a limit was reached
    std::uint64_t accept_errors = 0;       // most of all: out of file descriptors
    std::uint64_t client_gone = 0;         // clients that left before their answer was whole

    std::size_t open() const;
};

// The socket is bound and listens as soon as `listen` returned; connections are served as soon as the threads
// run. The threads and the handler must outlive the server, and the threads must still run when it is destroyed
// (or never have been started).
class Server {
  public:
    // Fails with one clear line if the address is wrong or taken, or the certificate cannot be read.
    static Result<std::unique_ptr<Server>> listen(ListenerOptions options,
                                                  std::vector<async::IoThread*> threads, Handler& handler);
    // Cuts what is still open.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // "127.0.0.1:40123": with the actual port.
    std::string address() const;
    Statistics statistics() const;

    // Any thread, from here on down, but the I/O threads themselves where it says so.

    // Stops listening, closes idle connections; requests in progress finish and say `connection: close`.
    void begin_drain();
    // begin_drain, and waits up to `patience` for the rest; then cancels it (`shutdown`), waits
    // `timeouts.cancel`, and closes what is left. True if nothing had to be cancelled. Blocks: not on an I/O
    // thread.
    bool drain(Duration patience);
    bool drain();  // with timeouts.drain
    // New limits and timeouts for requests from now on, without closing anything.
    void update(const Limits& limits, const Timeouts& timeouts);
    // The certificate of handshakes from now on; open connections keep theirs. Reads files. A pair that does
    // not fit is refused and the old one stays. Only for a listener that began with TLS.
    Result<void> update_tls(const TlsOptions& options);
    // When the first certificate of the chain in use expires. Only with TLS.
    std::chrono::sys_seconds certificate_expiry() const;

  private:
    class State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// Whether certificate and key can be read and belong together; when the first certificate of the chain expires.
// Reads files.
Result<std::chrono::sys_seconds> check_tls(const TlsOptions& options);

}  // namespace tidegate::http
