// A provider's event stream on its way to the client: bytes in, bytes out, and what was in them.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/dialect/error.h>
#include <tidegate/dialect/format.h>
#include <tidegate/dialect/sse.h>
#include <tidegate/dialect/usage.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::dialect {

// What the stream has shown so far.
struct StreamFacts {
    // Something a client sees came: text, refusal, reasoning or a tool call (not a role chunk, not
    // message_start). Until then the caller holds what feed() appended, so that a fallback is still possible.
    bool content = false;
    bool complete = false;  // the dialect's own end came
    bool refusal = false;
    Finish finish = Finish::none;
    Usage usage = {};  // the last one wins
    std::string model = {};
    std::string id = {};
    std::int64_t events = 0;
    // Of the tokens of the content so far, if Options::reads_logprobs.
    std::optional<double> mean_logprob = {};
    std::optional<ProviderError> error = {};  // the provider broke the stream off; what follows it is ignored
};

// One stream, one object; not for several threads. What is appended to `out` always ends with a whole event, so
// that a heartbeat or an error event may follow at any time.
class StreamRelay {
  public:
    struct Options {
        bool client_wants_usage = false;
        bool reads_logprobs = false;   // for StreamFacts::mean_logprob
        bool strips_logprobs = false;  // the client did not ask for them
        std::string call_id = {};
        std::string model = {};    // on a crossing: the name shown before the provider's is known
        std::int64_t created = 0;  // seconds since 1970, for OpenAI's chunks on a crossing
        std::size_t max_event = SseParser::kDefaultMaxEvent;
    };

    StreamRelay(Format from, Format to, Options options);
    ~StreamRelay();
    StreamRelay(StreamRelay&&) noexcept;
    StreamRelay& operator=(StreamRelay&&) noexcept;

    // Takes the next bytes of the provider, appends what the client gets. A failure (malformed, too_large;
    // source upstream) is final: the caller falls back, or writes error_event() if content was released. A
    // provider's error event is no failure: it is passed on in the client's dialect, and stands in
    // facts().error.
    Result<void> feed(std::string_view bytes, std::string& out);

    // The body ended. malformed if neither the dialect's end nor an error event came: a cut stream never looks
    // whole.
    Result<void> end_of_body(std::string& out);

    const StreamFacts& facts() const;

  private:
    class Impl;
    std::unique_ptr<Impl> x_impl;
};

}  // namespace tidegate::dialect
