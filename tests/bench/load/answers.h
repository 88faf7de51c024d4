// What the upstream of the benchmarks says, in two dialects, with the places where an answer's marker goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

// What a question asks the upstream to do, as directives behind its marker: `#bench:… l=20000 n=100;`.
struct Plan {
    std::string marker;
    std::int64_t latency = 0;   // l: microseconds until the answer begins
    std::int64_t interval = 0;  // i: microseconds between chunks; 0: as fast as they go
    std::size_t chunks = 20;    // n: of a stream
    std::size_t batch = 1;      // b: chunks in one write
    std::size_t hold = 0;       // h: silent for ever after so many chunks; 0: not
    std::size_t size = 900;     // s: bytes of text of an answer that is no stream
    bool stream = false;
    bool usage = false;  // was asked for
    bool anthropic = false;
};

// False if the body has no marker.
bool read_plan(std::string_view head, std::string_view body, Plan& plan);

// Each appends to `out`, ready for the wire.
void append_answer(const Plan& plan, std::string& out);
void append_stream_head(const Plan& plan, std::string& out);
void append_chunk(const Plan& plan, std::size_t number, std::string& out);
void append_stream_end(const Plan& plan, std::string& out);

}  // namespace bench
