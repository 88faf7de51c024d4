// A fallback that asks the application's own HTTP hook, a keyword search say.
#pragma once

#include <tidegate/async/task.h>
#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>

#include <string>
#include <string_view>

namespace tidegate::pipeline {

class Exchange;
struct ChainEntry;

struct HookAnswer {
    std::string text;
    bool json = false;  // `text` is JSON, which suits a client that asked for it
};

// POSTs {"call_id", "feature", "user", "conversation", "reason", "text"} (text: the user's last message) to the
// entry's address and reads {"text": "…"} or {"json": …} of at most 1 MiB, as docs/fallbacks.md says. Notes the
// attempt on the exchange. Any other answer is an error, as is a hook that takes longer than its timeout or
// `deadline`.
async::Task<Result<HookAnswer>> ask_hook(Exchange& exchange, const ChainEntry& entry, std::string_view reason,
                                         SteadyTime deadline);

}  // namespace tidegate::pipeline
