// How one simulated answer behaves: a small language of directives, the same in configuration, in model names
// and in a request header.
//
//   "latency=200ms~50ms, rate=80"      a normal distribution before the first byte, then 80 tokens a second
//   "status=429, retry-after=2"        refused, in the shape of the dialect
//   "stall, after=3"                   silent for ever after three tokens
//
// A model named `NAME--DIRECTIVES` behaves so (`demo--status=503`), and so does a request with the header
// `x-tidegate-simulate: DIRECTIVES`. docs/simulator.md lists every directive.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::simulator {

// A distribution of waiting times. A value type.
//   200ms             always
//   200ms~50ms        about normal: mean and standard deviation, never below zero
//   50ms/80ms/400ms   by percentiles: the values at equal steps from the least to the greatest, linear in
//   between
struct Latency {
    std::vector<Duration> points{Duration::zero()};
    Duration deviation = Duration::zero();

    // The value at `quantile`, 0 to 1.
    Duration at(double quantile) const;
};

enum class Fault {
    none,
    status,        // an error answer with `Behaviour::status`
    hang,          // never answers
    drop,          // TCP reset instead of an answer
    stall,         // silent for ever after `after` tokens
    reset,         // TCP reset after `after` tokens
    truncate,      // the connection closes after `after` tokens, in the middle of the body
    cut,           // the body ends properly after `after` tokens, but without the end of the stream
    garbage,       // no JSON; on streams after `after` tokens
    error,         // an error object in a 200: instead of the answer, or in the stream after `after` tokens
    not_a_stream,  // a whole JSON answer where a stream was asked for
    error_not_a_stream,  // a JSON error with status 200 where a stream was asked for
};

struct Behaviour {
    Latency latency;  // before the head
    Duration first_token =
        Duration::zero();             // between the head (and a stream's opening events) and the first token
    double tokens_per_second = 0;     // 0: as fast as they go
    int tokens_per_chunk = 1;         // tokens in one event of a stream
    int slice = 0;                    // at most so many bytes a write; 0: whole events
    std::optional<int> tokens;        // of the answer; else 12 to 43 by the hash
    std::optional<std::string> text;  // the answer, instead of words by the hash
    bool echo = false;                // the answer is the last user message
    std::optional<int> tools;         // how many calls of tools; else one if the request suggests it
    bool refusal = false;
    std::optional<std::string> finish;  // the reason why the answer ended, as written there
    double logprob = -0.05;             // mean log-probability of a token
    std::optional<int> input_tokens;    // instead of counting
    int cached_tokens = 0;              // of the input: read from a cache
    int cache_write_tokens = 0;         // of the input: written to a cache
    int reasoning_tokens = 0;           // of the output, on top of the text's
    bool usage = true;                  // whether figures are sent at all

    Fault fault = Fault::none;
    int status = 500;                        // of Fault::status
    std::optional<std::string> retry_after;  // the header, as written
    int after = 3;  // tokens (of a whole answer: about so much of the body) before a fault
};

// Applies `directives` ("name=value" or "name", by commas) to `base`, the last one winning. An error names the
// directive that is wrong.
Result<Behaviour> apply_directives(std::string_view directives, Behaviour base);

// Splits "demo--status=503" into the model and its directives; without "--" the second is empty.
struct ModelName {
    std::string_view model;
    std::string_view directives;
};
ModelName split_model(std::string_view name);

}  // namespace tidegate::simulator
