// The attempt chain, in its order.
#include "calls/attempt_state.h"
#include "calls/call_provider.h"
#include "calls/guard_attempt.h"
#include "calls/hold.h"
#include "calls/write_request.h"

namespace tidegate::calls {
namespace {

void describe_trips(const std::vector<guardrails::Trip>& trips, events::Attempt& record) {
    for (const guardrails::Trip& trip : trips) {
        record.trips.push_back({trip.guardrail, trip.category, std::string(to_string(trip.direction)),
                                std::string(to_string(trip.action)), static_cast<std::int64_t>(trip.count)});
    }
}

}  // namespace

async::Task<AttemptResult> run_attempt(Worker& worker, const AttemptRequest& attempt, EventSink& sink,
                                       std::size_t content_limit) {
    AttemptState state(worker, attempt, sink, content_limit);
    Hold hold;
    bool ready = write_request(state);
    if (ready)
        ready = co_await guard_input(state);  // behind the prompt, so that it sees all that is sent
    if (ready)
        ready = co_await hold_worst_case(state, hold);
    if (ready) {
        co_await call_provider(state, hold);  // with the output's guardrails
        settle_hold(state, hold);
    }
    events::Attempt& record = state.result.record;
    record.latency = state.now() - state.started;
    record.reason = to_string(state.result.reason);
    record.error = state.result.message;
    describe_trips(state.result.trips, record);
    co_return std::move(state.result);
}

}  // namespace tidegate::calls
