// Takes the framing off a message body: Content-Length, chunks, or until the connection closes (RFC 9112, 6
// and 7.1).
#pragma once

#include <cstdint>
#include <string_view>

namespace tidegate::upstream {

// A pure state machine: bytes in, pieces out, nothing copied. Any split of the input gives the same bytes and
// verdict.
class BodyDecoder {
  public:
    enum class Status {
        data,       // `piece` holds bytes of the body
        need_more,  // all of the input is used up
        end,        // the body is complete; what is left of the input does not belong to it
        malformed,
    };

    // No body.
    BodyDecoder() = default;
    static BodyDecoder length(std::uint64_t bytes);
    static BodyDecoder chunked();
    static BodyDecoder until_close();

    // Takes bytes off the front of `input`. `piece` points into it; it is never empty with `data`.
    Status next(std::string_view& input, std::string_view& piece);
    bool done() const { return state_ == State::done; }
    // The connection was closed: is that a proper end?
    bool complete_at_close() const { return state_ == State::done || state_ == State::until_close; }
    // Bytes of the body still to come, if that is known, else 0.
    std::uint64_t expected() const { return state_ == State::length ? left_ : 0; }

    // Bounds against a peer that sends framing instead of content.
    static constexpr std::uint32_t kMaxDigits = 15;          // of a size: up to an exabyte
    static constexpr std::uint32_t kMaxExtension = 256;      // of one chunk
    static constexpr std::uint32_t kMaxExtensions = 16'384;  // of all chunks of a body
    static constexpr std::uint32_t kMaxTrailers = 8'192;

  private:
    enum class State {
        done,
        length,
        until_close,
        size_first,
        size,
        extension,
        size_lf,
        chunk,
        chunk_cr,
        chunk_lf,
        trailer_first,
        trailer,
        trailer_lf,
        end_lf,
        broken,
    };
    explicit BodyDecoder(State state, std::uint64_t left = 0) : state_(state), left_(left) {}
    bool take_size_line(std::string_view& input);
    State step(char c);
    State step_size(char c, bool first);
    State step_extension(char c);
    State step_trailer(char c);

    State state_ = State::done;
    std::uint64_t left_ = 0;  // of the body, or of the chunk
    std::uint32_t digits_ = 0;
    std::uint32_t extension_ = 0;
    std::uint32_t extensions_ = 0;
    std::uint32_t trailers_ = 0;
};

}  // namespace tidegate::upstream
