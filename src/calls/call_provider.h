// The step of an attempt that calls its provider: admission, at most two tries, and what they say of its
// health.
#pragma once

#include "calls/attempt_state.h"

#include <tidegate/async/task.h>

namespace tidegate::calls {

async::Task<void> call_provider(AttemptState& state);

}  // namespace tidegate::calls
