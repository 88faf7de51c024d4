// The chunked coding, read strictly and in place.
#pragma once

#include "http/refused.h"

#include <cstddef>
#include <cstdint>

namespace tidegate::http {

// Reads from left to right and judges each byte once, so that the verdict does not depend on the cuts. Lines
// end with CRLF and nothing else; sizes are plain digits; extensions and trailers are bounded, checked and
// dropped.
class ChunkDecoder {
  public:
    static constexpr std::size_t kMaxExtensions = 8 * 1024;  // of a body, all together
    static constexpr std::size_t kMaxTrailers = 8 * 1024;

    // `limit`: of the decoded body.
    explicit ChunkDecoder(std::uint64_t limit) : limit_(limit) {}

    struct Step {
        std::size_t consumed = 0;  // of `bytes`; less than `size` only when the body is done or refused
        std::size_t produced = 0;
    };
    // Decodes `bytes` to `to`, which may be the same place or before it.
    Step decode(const char* bytes, std::size_t size, char* to);

    bool done() const { return state_ == State::done; }
    const Refused& refusal() const { return refused_; }

  private:
    enum class State {
        size_first,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer_name,
        trailer_value,
        trailer_lf,
        last_lf,
        done
    };

    void take(char c);
    void take_size(char c);
    void end_size();
    void take_trailer(char c);
    void fail(const Refused& refused) { refused_ = refused; }

    State state_ = State::size_first;
    Refused refused_;
    std::uint64_t limit_;
    std::uint64_t total_ = 0;   // decoded and announced
    std::uint64_t remain_ = 0;  // of the chunk; while its size is read, that size
    std::size_t digits_ = 0;
    std::size_t extensions_ = 0;
    std::size_t trailers_ = 0;
};

}  // namespace tidegate::http
