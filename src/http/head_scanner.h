// Finds the end of a request's head, refusing on the way what must not even reach a parser.
#pragma once

#include "http/refused.h"

#include <tidegate/http/options.h>
#include <tidegate/http/request.h>

#include <cstddef>
#include <string_view>

namespace tidegate::http {

// Reads strictly from left to right and judges each byte once, so that the verdict does not depend on how the
// bytes were cut into reads: bare CR or LF, control characters, obs-fold, a wrong request line, and the limits
// of size and number.
class HeadScanner {
  public:
    enum class State { more, complete, refused };

    // `input`: all bytes since the head began. Goes on where the last call stopped.
    State scan(std::string_view input, const Limits& limits);
    // For the next head.
    void reset() { *this = HeadScanner{}; }

    const Refused& refusal() const { return refused_; }
    // Of a complete head: its bytes with the empty line, and the parts of its request line.
    std::size_t size() const { return position_; }
    Method method() const { return method_; }
    bool http_1_0() const { return http_1_0_; }

  private:
    State refuse_with(const Refused& refused);
    State end_line(std::string_view line, const Limits& limits);
    Refused judge_request_line(std::string_view line, const Limits& limits);

    std::size_t position_ = 0;    // every byte before it was judged
    std::size_t line_start_ = 0;  // of the line being read
    std::size_t lines_ = 0;       // lines read, with the request line
    Refused refused_;
    Method method_ = Method::get;
    bool http_1_0_ = false;
};

}  // namespace tidegate::http
