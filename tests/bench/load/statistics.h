// What the load saw, and its report as JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// Times in nanoseconds, the first four million of them.
class Times {
  public:
    void add(std::int64_t nanoseconds) {
        if (times_.size() < 4'000'000)
            times_.push_back(nanoseconds);
    }
    // {"count": …, "p50_us": …, …}, or null.
    std::string json();

  private:
    std::vector<std::int64_t> times_;
};

struct Statistics {
    std::size_t requests = 0;  // answered and true
    std::size_t chunks = 0;
    std::size_t together = 0;  // chunks that came with the one before though they were sent 1 ms later or more
    std::size_t connections = 0;   // that were opened
    std::size_t wrong_status = 0;  // not 200
    std::size_t wrong_answer = 0;  // of another request, or not whole
    std::size_t lost = 0;          // ended or damaged connections in the middle of an answer
    std::size_t unanswered = 0;    // still without an answer when the run ended
    std::string first_error;
    Times latency;      // from when a request was due to the last byte of its answer
    Times first_chunk;  // from when it was due to the first content of its stream
    Times chunk_delay;  // from when the upstream sent a chunk to when it was read

    void wrong(std::size_t& count, std::string_view what);
    std::string json(double seconds);
};

}  // namespace bench
