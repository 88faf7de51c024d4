#include "statistics.h"

#include <algorithm>
#include <cstdio>

namespace bench {

namespace {

std::string escaped(std::string_view text) {
    std::string out;
    for (const char letter : text.substr(0, 600)) {
        if (letter == '"' || letter == '\\')
            out.push_back('\\');
        out.push_back(static_cast<unsigned char>(letter) < 0x20 || static_cast<unsigned char>(letter) > 0x7E
                          ? ' '
                          : letter);
    }
    return out;
}

}  // namespace

std::string Times::json() {
    if (times_.empty())
        return "null";
    std::sort(times_.begin(), times_.end());
    const auto at = [this](double share) {
        return static_cast<double>(
                   times_[static_cast<std::size_t>(share * static_cast<double>(times_.size() - 1))]) /
               1000.0;
    };
    char out[256];
    std::snprintf(
        out, sizeof out,
        R"({"count": %zu, "p50_us": %.1f, "p90_us": %.1f, "p99_us": %.1f, "p999_us": %.1f, "max_us": %.1f})",
        times_.size(), at(0.5), at(0.9), at(0.99), at(0.999), at(1.0));
    return out;
}

void Statistics::wrong(std::size_t& count, std::string_view what) {
    ++count;
    if (first_error.empty())
        first_error = what;
}

std::string Statistics::json(double seconds) {
    char head[512];
    std::snprintf(head, sizeof head,
                  R"({"seconds": %.4f, "requests": %zu, "chunks": %zu, "together": %zu, "connections": %zu, )"
                  R"("wrong_status": %zu, "wrong_answer": %zu, "lost": %zu, "unanswered": %zu, )",
                  seconds, requests, chunks, together, connections, wrong_status, wrong_answer, lost,
                  unanswered);
    return head + (R"("latency": )" + latency.json()) + R"(, "first_chunk": )" + first_chunk.json() +
           R"(, "chunk_delay": )" + chunk_delay.json() + R"(, "first_error": ")" + escaped(first_error) + "\"}";
}

}  // namespace bench
