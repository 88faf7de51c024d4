#include "calls/guard_attempt.h"

#include <iterator>

namespace tidegate::calls {

using guardrails::Direction;

namespace {

// Whether each text of the client's request is one of what is sent: a prompt may be joined with the client's
// system text, and a pattern may ask for a text's beginning.
bool sends_every_text(const AttemptState& state) {
    const bool joined = state.attempt.variant.prompt != nullptr && state.attempt.request.has_system();
    return !joined && state.same_dialect() && !state.attempt.provider_changed &&
           state.result.record.dropped.empty() && !state.attempt.request.speaks_to_gateway();
}

}  // namespace

GuardContext guard_context(const AttemptState& state) {
    return {.worker = state.worker,
            .feature = state.attempt.feature,
            .call_id = state.attempt.call_id,
            .deadline = state.deadline,
            .cancellation = state.attempt.cancellation,
            .payer = state.attempt.accounts.empty() ? nullptr : state.attempt.accounts.front()};
}

bool take_verdict(AttemptState& state, GuardVerdict verdict, const std::string& message,
                  std::vector<guardrails::Trip> trips) {
    auto& kept = state.result.trips;
    kept.insert(kept.end(), std::make_move_iterator(trips.begin()), std::make_move_iterator(trips.end()));
    switch (verdict) {
        case GuardVerdict::ok:
            return true;
        case GuardVerdict::cancelled:
            return state.fail(Reason::cancelled, "the client left");
        case GuardVerdict::block:
            return state.fail(Reason::blocked, message);
        case GuardVerdict::fallback:
            // What the client has seen cannot be taken back.
            return state.fail(state.result.released ? Reason::blocked : Reason::guardrail, message);
    }
    return false;
}

bool has_input_guards(const AttemptState& state) {
    return guards(state.attempt.variant.guardrails, Direction::input);
}

bool has_output_guards(const AttemptState& state) {
    return state.attempt.request.operation() == dialect::Operation::chat &&
           guards(state.attempt.variant.guardrails, Direction::output);
}

async::Task<bool> guard_input(AttemptState& state) {
    const GuardrailList& guardrails = state.attempt.variant.guardrails;
    const GuardContext context = guard_context(state);
    auto outcome = co_await guard_request(context, guardrails, state.attempt.request.operation(), *state.body);
    state.result.request_clean =
        outcome.trips.empty() && outcome.verdict == GuardVerdict::ok && sends_every_text(state);
    co_return take_verdict(state, outcome.verdict, outcome.message, std::move(outcome.trips));
}

async::Task<bool> guard_whole_answer(AttemptState& state, std::string& body) {
    const GuardrailList& guardrails = state.attempt.variant.guardrails;
    const GuardContext context = guard_context(state);
    auto outcome = co_await guard_answer(context, guardrails, state.attempt.request.format(), body);
    co_return take_verdict(state, outcome.verdict, outcome.message, std::move(outcome.trips));
}

}  // namespace tidegate::calls
