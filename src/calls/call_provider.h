// The step of an attempt that calls its provider: admission, at most two tries, and what they say of its
// health.
#pragma once

#include "calls/attempt_state.h"
#include "calls/hold.h"

#include <tidegate/async/task.h>

namespace tidegate::calls {

// What it cost is added to the record; what is set aside for it is in `hold`.
async::Task<void> call_provider(AttemptState& state, Hold& hold);

}  // namespace tidegate::calls
