// A model provider that needs no model: an HTTP server that speaks OpenAI and Anthropic, so that the demo,
// tests and benchmarks use the real way out. Every answer says that it is simulated, in its text and in the
// header `x-tidegate-simulator: true`.
//
//   POST /v1/chat/completions, /v1/embeddings     GET /v1/models, /v1/models/{id}     (OpenAI)
//   POST /v1/messages, /v1/messages/count_tokens                                      (Anthropic)
//   GET  /simulator/stats    counters          GET /simulator/last?n=1    what was received, newest first
//   POST /simulator/reset    both forgotten
//
// Answers are a function of the model's name and the messages: the same question gets the same answer. A token
// is a word with the space before it; a message costs three tokens more, an image 85.
#pragma once

#include <tidegate/simulator/options.h>

#include <cstdint>
#include <memory>
#include <string>

namespace tidegate {
class Clock;
}

namespace tidegate::simulator {

// Counters since the start; a snapshot.
struct Statistics {
    std::uint64_t requests = 0;     // with a known path
    std::uint64_t answered = 0;     // sent whole, faults by status included
    std::uint64_t faults = 0;       // requests that were made to fail
    std::uint64_t abandoned = 0;    // left by the client before the answer was whole
    std::uint64_t connections = 0;  // ever accepted
    std::uint64_t open = 0;         // connections open now
    std::uint64_t in_flight = 0;    // requests being answered now
};

// Listens from construction to destruction, on a thread of its own. Throws std::runtime_error if the address is
// taken or a directive in `options` is wrong.
class Simulator {
  public:
    Simulator(Options options, const Clock& clock);
    ~Simulator();
    Simulator(const Simulator&) = delete;
    Simulator& operator=(const Simulator&) = delete;

    // "127.0.0.1:40123"
    std::string address() const;
    Statistics statistics() const;

  private:
    class Server;
    std::unique_ptr<Server> server_;
};

}  // namespace tidegate::simulator
