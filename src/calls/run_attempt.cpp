// The attempt chain, in its order.
#include "calls/attempt_state.h"
#include "calls/call_provider.h"
#include "calls/write_request.h"

namespace tidegate::calls {

async::Task<AttemptResult> run_attempt(Worker& worker, const AttemptRequest& attempt, EventSink& sink,
                                       std::size_t content_limit) {
    AttemptState state(worker, attempt, sink, content_limit);
    if (write_request(state))
        co_await call_provider(state);
    events::Attempt& record = state.result.record;
    record.latency = state.now() - state.started;
    record.reason = to_string(state.result.reason);
    record.error = state.result.message;
    co_return std::move(state.result);
}

}  // namespace tidegate::calls
