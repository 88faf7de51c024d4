// Takes new connections from the listening socket and gives each to a thread.
#pragma once

#include "http/shared.h"
#include "http/transport.h"

#include <tidegate/base/result.h>

#include <memory>
#include <optional>
#include <string>

namespace tidegate::http {

// A file descriptor with one owner.
class Descriptor {
  public:
    explicit Descriptor(int number = -1) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    int get() const { return number_; }
    bool valid() const { return number_ >= 0; }
    int release();
    void reset();

  private:
    int number_;
};

// Belongs to the first thread; `open` and the destructor may run elsewhere while nothing runs on it.
class Acceptor {
  public:
    // Binds and listens. Several processes on one address are refused (no SO_REUSEPORT).
    static Result<std::shared_ptr<Acceptor>> open(const std::string& address, std::shared_ptr<Shared> shared);
    Acceptor(std::shared_ptr<Shared> shared, async::IoThread& thread);

    // Accepts from now on. Keeps itself alive until `close`.
    static void start(std::shared_ptr<Acceptor> self);
    // Any thread, once, before `close`: frees the address at once.
    void stop_listening();
    void close();
    std::string address() const;

  private:
    static void wait(std::shared_ptr<Acceptor> self);
    void accept_all();
    void welcome(Descriptor socket, std::string peer);
    void turn_away(Descriptor socket);
    void out_of_descriptors(int error);
    void log_error(const std::string& message);

    std::shared_ptr<Shared> shared_;
    async::IoThread& thread_;
    asio::basic_socket_acceptor<asio::ip::tcp, async::Executor> acceptor_;
    std::optional<async::TimerWheel::Entry> pause_;  // until `close`
    std::weak_ptr<Acceptor> self_;
    // Given up for a moment when no other descriptor is left, so that the next client can be turned away, not
    // left waiting.
    Descriptor reserve_;
    SteadyTime last_logged_{};
    bool paused_ = false;
};

}  // namespace tidegate::http
