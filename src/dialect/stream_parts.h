// The two halves of a relay: a reader of one format's events, a writer of the other's, and what passes between
// them.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/dialect/answer.h>
#include <tidegate/dialect/sse.h>
#include <tidegate/dialect/stream_relay.h>

#include <memory>
#include <string>
#include <string_view>

namespace tidegate::dialect::detail {

// Writes a chat stream, piece by piece, in one format. Pieces come in the order start, (text | reasoning |
// refusal | tool…)*, finish; an error may come at any time and ends it.
class StreamWriter {
  public:
    virtual ~StreamWriter() = default;
    virtual void start(const StreamFacts& facts) = 0;
    virtual void text(std::string_view text) = 0;
    virtual void reasoning(std::string_view text) = 0;
    virtual void refusal(std::string_view text) = 0;
    // Tools are counted from 0 in the order of their start.
    virtual void tool_start(std::size_t tool, std::string_view id, std::string_view name) = 0;
    virtual void tool_arguments(std::size_t tool, std::string_view json) = 0;
    virtual void ping() = 0;
    virtual void finish(const StreamFacts& facts) = 0;

    // Where pieces are appended; set before each call.
    void set_output(std::string& out) { x_out = &out; }

  protected:
    std::string* x_out = nullptr;
};

// What the relay does with an event of the same format.
enum class Verdict {
    pass,   // its bytes go on
    strip,  // it goes on without what the client did not ask for
    drop,
};

// Reads a provider's events into facts, and into a writer if there is one (crossing).
class StreamReader {
  public:
    virtual ~StreamReader() = default;
    virtual Result<Verdict> read(const SseEvent& event, StreamFacts& facts, StreamWriter* writer) = 0;
    // Appends the data of the event just read, stripped.
    virtual void append_stripped(std::string& out) = 0;
};

std::unique_ptr<StreamReader> make_openai_reader(const StreamRelay::Options& options);
std::unique_ptr<StreamReader> make_anthropic_reader();
std::unique_ptr<StreamWriter> make_openai_writer(const StreamRelay::Options& options);
std::unique_ptr<StreamWriter> make_anthropic_writer(const StreamRelay::Options& options);

inline Error malformed(std::string message) {
    return {.kind = ErrorKind::malformed, .source = ErrorSource::upstream, .message = std::move(message)};
}

}  // namespace tidegate::dialect::detail
