// The guardrails of an attempt, on what is sent and on what comes back.
#pragma once

#include "calls/attempt_state.h"
#include "calls/guard_texts.h"

#include <tidegate/async/task.h>

#include <string>
#include <vector>

namespace tidegate::calls {

// For the checks of this attempt.
GuardContext guard_context(const AttemptState& state);
// Keeps the trips, and makes a verdict other than ok the attempt's failure. True if it is ok.
bool take_verdict(AttemptState& state, GuardVerdict verdict, const std::string& message,
                  std::vector<guardrails::Trip> trips);

// Asked first, so that an attempt without guardrails awaits nothing for them.
bool has_input_guards(const AttemptState& state);
bool has_output_guards(const AttemptState& state);
// Whether the input guardrails find nothing in what is sent, without parsing it: as a rule they do not. Says it
// of the client's request in the result as well.
bool input_is_clean(AttemptState& state);
// The request as it is sent, which input guardrails may redact. False if the attempt has failed.
async::Task<bool> guard_input(AttemptState& state);
// The same for a whole answer in the client's format.
async::Task<bool> guard_whole_answer(AttemptState& state, std::string& body);

}  // namespace tidegate::calls
