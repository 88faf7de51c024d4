// Whether an answer is the one that its question deserves.
#pragma once

#include "statistics.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

// Follows one answer. The text of a stream may come cut and joined in any way: its markers are read from the
// text, not from the events.
class AnswerCheck {
  public:
    // `due`: nanoseconds when the question should have left; `chunks`: of a stream, 0 for an answer that is
    // none.
    void begin(std::string_view marker, std::int64_t due, std::size_t chunks);

    // What has been read of the body and not taken yet; takes whole lines of a stream. `time`: when it was
    // read.
    void read(std::string& body, std::int64_t time, Statistics& statistics);

    // At the end of the message. Empty if the answer is right.
    std::string_view verdict(const std::string& body) const;
    std::size_t chunks_seen() const { return next_; }

  private:
    void read_line(std::string_view line);
    void read_markers(std::int64_t time, Statistics& statistics);

    std::string marker_;
    std::string text_;  // not yet understood
    std::int64_t due_ = 0;
    std::size_t chunks_ = 0;
    std::size_t next_ = 0;
    bool crossed_ = false;
    bool ended_ = false;
};

}  // namespace bench
