// An answer as it will go over the wire, faults and pace included: a pure function, so that every fault is
// tested without a socket. The server only plays it.
#pragma once

#include "simulator/wire.h"

#include <string>
#include <utility>
#include <vector>

namespace tidegate::simulator {

enum class Ending {
    complete,  // as HTTP wants it
    hang,      // silence until the client leaves
    reset,     // TCP reset
    close,     // the connection ends in the middle of the body
};

struct Step {
    Duration wait = Duration::zero();  // before it
    std::string bytes = {};
};

struct Script {
    Duration latency = Duration::zero();  // before the head
    bool head = true;                     // false: no byte at all
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    bool stream = false;     // of unknown length
    std::size_t length = 0;  // of the body as announced, unless it is a stream
    std::vector<Step> steps;
    Ending ending = Ending::complete;
    bool faulty = false;
};

// `quantile`, 0 to 1, picks the latency.
Script make_script(const Question& question, const Behaviour& behaviour, std::int64_t created, double quantile,
                   std::string_view request_id);

// The same for an answer that never is a stream (embeddings, counts): `body` as it is, unless there is a fault.
Script whole_script(Dialect dialect, std::string body, const Behaviour& behaviour, double quantile,
                    std::string_view request_id);

// An answer with an error of the dialect.
Script error_script(Dialect dialect, int status, std::string_view message, std::string_view request_id);

// A whole JSON answer.
Script json_script(std::string body);

}  // namespace tidegate::simulator
