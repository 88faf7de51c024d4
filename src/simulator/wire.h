// Answers and errors as bytes, in both formats.
#pragma once

#include "simulator/answer.h"

namespace tidegate::simulator {

// A piece of a streamed body.
struct Event {
    std::string bytes = {};
    int tokens = 0;  // that are in it: what pace and faults count
};

// One dialect's way to say it. Stateless.
struct Wire {
    std::string (*body)(const Question&, const Behaviour&, const Answer&);
    // Opening events, then events with tokens, then closing events.
    std::vector<Event> (*stream)(const Question&, const Behaviour&, const Answer&);
    std::string (*error)(int status, std::string_view message, std::string_view request_id);
    // An error in the middle of a stream.
    std::string (*error_event)(std::string_view message);
    std::string_view request_id_header;
};

extern const Wire kOpenAi;
extern const Wire kAnthropic;
const Wire& wire_of(Dialect dialect);

// The tokens of a choice's text from `begin`, at most `count`, joined.
std::string join(const std::vector<std::string>& tokens, std::size_t begin, std::size_t count);
// `text` cut into pieces of at most `bytes`, never inside a character.
std::vector<std::string_view> pieces(std::string_view text, std::size_t bytes);

}  // namespace tidegate::simulator
