// The question of a guardrail of the kind `judge` to its model.
#pragma once

#include <tidegate/guardrails/parse.h>

namespace tidegate::pipeline {
class ThreadState;
}

namespace tidegate::app {

// One attempt by itself, paid by whoever pays for the guarded call, else by the users' account of its feature,
// with a call record of its own whose conversation is the guarded call's id. A run of a shadow lane asks the
// lane's model, so that nothing of users counts it. On the thread of `state`.
async::Task<Result<std::string>> ask_model(pipeline::ThreadState& state,
                                           const guardrails::ModelQuestion& question,
                                           async::Cancellation& cancellation);

}  // namespace tidegate::app
