// The first step of an attempt: the request as its provider gets it.
#pragma once

#include "calls/attempt_state.h"

namespace tidegate::calls {

// Renders the variant's prompt and writes the body. False if the attempt has failed.
bool write_request(AttemptState& state);

}  // namespace tidegate::calls
