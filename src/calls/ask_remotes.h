// Guardrails that ask somebody else.
#pragma once

#include "calls/guard_texts.h"
#include "calls/trips.h"

#include <span>
#include <string>

namespace tidegate::calls {

// What they are asked about: all texts, and those of a request or answer alone (Guardrail::text_only), each
// joined by blank lines and redacted already.
struct RemoteTexts {
    std::string all;
    std::string text_only;
};

// Whether any of them is asked in that direction.
bool asks_remotes(const GuardrailList& guardrails, guardrails::Direction direction);

// Whether a guardrail may change or end a stream, or only watches it.
bool acts_on_stream(const guardrails::Guardrail& guardrail);

enum class RemoteUse { whole, stream };

// Asks one after the other until one of them stops the call; nobody is asked about nothing. A failure is a trip
// of the category "unavailable" with Guardrail::on_failure, and is logged. False if the call was cancelled.
async::Task<bool> ask_remotes(const GuardContext& context, const GuardrailList& guardrails,
                              guardrails::Direction direction, const RemoteTexts& texts, RemoteUse use,
                              Trips& trips);

}  // namespace tidegate::calls
