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

async::Task<void> run_attempt(Worker& worker, const AttemptRequest& attempt, EventSink& sink,
                              AttemptResult& result) {
    AttemptState state(worker, attempt, sink, result);
    Hold hold;
    bool ready = write_request(state);
    if (ready && has_input_guards(state) && !input_is_clean(state))
        ready = co_await guard_input(state);  // behind the prompt, so that it sees all that is sent
    if (ready)
        ready = bound_worst_case(state, hold);
    if (ready && !attempt.accounts.empty())
        ready = co_await reserve_worst_case(state, hold);
    if (ready) {
        co_await call_provider(state, hold);  // with the output's guardrails
        settle_hold(state, hold);
    }
    events::Attempt& record = result.record;
    record.latency = state.now() - state.started;
    record.reason = to_string(result.reason);
    record.error = result.message;
    describe_trips(result.trips, record);
}

}  // namespace tidegate::calls
