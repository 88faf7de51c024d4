// A client that sends exactly the bytes it is given.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace tidegate::http {

// Blocking, for tests. Waits at most ten seconds for anything; then the test's expectation fails, not its
// clock.
class Client {
  public:
    // "127.0.0.1:port"
    explicit Client(const std::string& address, int receive_buffer = 0);
    ~Client();
    Client(Client&& other) noexcept : socket_(other.socket_), buffer_(std::move(other.buffer_)) {
        other.socket_ = -1;
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool connected() const { return socket_ >= 0; }
    // False if the server has closed.
    bool send(std::string_view bytes);
    // Each byte in a write of its own.
    bool send_bytewise(std::string_view bytes);
    void end_sending();
    void close();
    // With a reset instead of an orderly end.
    void reset();

    // One whole answer: by its content-length, its chunks, or the end. Empty if nothing came.
    struct Answer {
        int status = 0;
        std::string head;
        std::string body;  // decoded
        bool complete = false;
        std::string header(std::string_view name) const;
    };
    Answer read_answer(bool to_head = false);
    // Up to and with `mark`; what came, if the end came before.
    std::string read_until(std::string_view mark);
    std::string read_to_end();
    // True if the server closes, and sends nothing before.
    bool closed();
    std::size_t read_some(std::size_t size);

  private:
    bool fill();

    int socket_ = -1;
    std::string buffer_;
};

}  // namespace tidegate::http
