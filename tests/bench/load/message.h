// Reads HTTP/1.1 messages of one connection piece by piece, requests and answers alike.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bench {

class MessageReader {
  public:
    // Reads from `data` up to the end of a message at most, and appends what is body to `body`, without the
    // framing of chunks. Returns the bytes it took.
    std::size_t read(std::string_view data, std::string& body);
    void reset();

    bool at_start() const { return state_ == State::head && head_.empty(); }
    bool has_head() const { return state_ != State::head; }
    bool complete() const { return state_ == State::complete; }
    // It is no HTTP/1.1 message whose end can be told.
    bool failed() const { return state_ == State::failed; }
    // From the first byte to the empty line.
    const std::string& head() const { return head_; }
    // Of an answer, 0 in a request.
    int status() const;
    // The sender will close the connection after it.
    bool closes() const { return closes_; }

  private:
    enum class State { head, fixed, chunk_size, chunk, chunk_end, trailer, complete, failed };

    std::size_t read_head(std::string_view data);
    void begin_body();
    std::size_t read_body(std::string_view data, std::string& body);
    std::size_t read_line(std::string_view data);
    void end_line();

    State state_ = State::head;
    std::string head_;
    std::string line_;
    std::size_t left_ = 0;  // bytes of the body, or of the chunk
    bool closes_ = false;
};

}  // namespace bench
