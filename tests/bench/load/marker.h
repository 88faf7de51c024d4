// What tells an answer's owner. It is spelt in letters, which no guardrail takes for a number of a person:
// `#bench:` connection `.` request, and in each chunk of a stream `.` chunk `.` microseconds when it was sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace bench {

constexpr std::string_view marker_begin = "#bench:";
constexpr std::size_t connection_letters = 6;
constexpr std::size_t request_letters = 6;
constexpr std::size_t chunk_letters = 5;
constexpr std::size_t time_letters = 12;
// Of a question, and of an answer that is no stream.
constexpr std::size_t marker_size = marker_begin.size() + connection_letters + 1 + request_letters;
constexpr std::size_t chunk_marker_size = marker_size + 1 + chunk_letters + 1 + time_letters;

// Writes `letters` letters from a to p, the most significant first.
inline void spell(char* out, std::uint64_t value, std::size_t letters) {
    for (std::size_t at = letters; at-- > 0; value >>= 4U) out[at] = static_cast<char>('a' + (value & 15U));
}

inline std::uint64_t read_letters(std::string_view text) {
    std::uint64_t value = 0;
    for (const char letter : text) value = (value << 4U) | static_cast<std::uint64_t>(letter - 'a');
    return value;
}

// Nanoseconds of the machine's clock, the same for load and upstream.
inline std::int64_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

}  // namespace bench
