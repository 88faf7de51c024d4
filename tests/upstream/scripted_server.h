// A TCP server on 127.0.0.1 whose behaviour is a function, run on a thread a connection. Waits are for events,
// never for time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace tidegate::upstream::test {

// Set once, by one side of a test; waited for by the other.
class Event {
  public:
    void set();
    // False if it does not happen within 20 s: the test has failed.
    bool wait();

  private:
    // Whoever waits keeps it: a test may end, and its event with it, before the server's thread has woken up.
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        bool set = false;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

// The server's end of one connection. Blocking, on its own thread.
class Peer {
  public:
    Peer(int fd, ssl_ctx_st* tls);
    ~Peer();
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    // The next request, head and body as they came; empty if the client closed before it was complete.
    std::string request();
    // Reads once; not positive at the end.
    long read_some();
    // Until the client closes; all that came.
    std::string until_closed();
    // False if the client is gone.
    bool write(std::string_view bytes);
    // Ends the connection in the orderly way, or with a reset.
    void close();
    void reset();
    // Ends it without the goodbye of TLS.
    void cut();
    // A TLS handshake on a connection that began in the plain.
    bool secure_from_here(ssl_ctx_st* tls);
    bool secure() const { return tls_ != nullptr; }

  private:
    friend class ScriptedServer;
    int fd_;
    ssl_st* tls_ = nullptr;
    std::string input_;
};

class ScriptedServer {
  public:
    using Script = std::function<void(Peer& peer, int connection)>;  // connections count from 0

    // With `tls` every connection begins with a handshake; the script does not run if that fails.
    explicit ScriptedServer(Script script, ssl_ctx_st* tls = nullptr, std::string address = "127.0.0.1",
                            std::uint16_t port = 0);
    // Ends every connection.
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    std::uint16_t port() const { return port_; }
    std::string url(std::string_view host = "127.0.0.1") const;
    int connections() const { return connections_; }

  private:
    void serve();

    Script script_;
    ssl_ctx_st* tls_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_{0};
    std::mutex mutex_;
    std::vector<int> open_;
    std::vector<std::thread> threads_;
    bool stopping_ = false;
    std::thread acceptor_;
};

}  // namespace tidegate::upstream::test
