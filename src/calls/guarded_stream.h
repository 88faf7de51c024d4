// Guardrails on an event stream: what may go to the client now, and what waits until it is known to be clean.
#pragma once

#include "calls/guard_texts.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::calls {

// Stands between StreamRelay and the sink. Events leave in their order, whole, and byte for byte as they came
// unless something in them is redacted.
//
// `hold`: an event leaves when no match can reach into its texts any more: when the longest match of any
// guardrail in bytes has come behind them in the same block (in the same choice, if there are several), or the
// block ends, or another kind of block begins. `buffer` (of any guardrail that acts, and of every remote one):
// nothing leaves before end(). `observe`, and the action `record`: nothing waits.
//
// Should a block go on after another kind of block had closed it, and a match span the two parts, the stream is
// blocked: the first part has gone. An event that cannot be read (no JSON, a member twice) blocks as well.
//
// One stream, one object, one thread. If the provider fails, drop it: what it holds was not checked.
class GuardedStream {
  public:
    // Bytes of held events and texts; beyond it the stream is blocked. As much as a whole answer may have.
    static constexpr std::size_t kMaximumHeld = 64U << 20U;

    // `guardrails` outlives it. `format` is the client's.
    GuardedStream(const GuardrailList& guardrails, dialect::Format format,
                  std::size_t maximum_held = kMaximumHeld);
    ~GuardedStream();
    GuardedStream(GuardedStream&&) noexcept;
    GuardedStream& operator=(GuardedStream&&) noexcept;

    // Takes whole events, as StreamRelay appends them; appends to `out` those that may go. Once the verdict is
    // not ok it stays so, nothing more is appended, and what is held is gone. What was appended in the same
    // call is clean and may still be sent.
    GuardVerdict feed(std::string_view events, std::string& out);

    // The provider's stream has ended well: checks what is left (this asks the remote checks) and appends it.
    async::Task<GuardVerdict> end(const GuardContext& context, std::string& out);

    // Something that a client sees (StreamFacts::content) was appended to `out`.
    bool content() const;

    // The reason for a verdict other than ok, and every trip so far.
    const std::string& message() const;
    std::vector<guardrails::Trip> take_trips();

  private:
    class Impl;
    std::unique_ptr<Impl> x_impl;
};

}  // namespace tidegate::calls
