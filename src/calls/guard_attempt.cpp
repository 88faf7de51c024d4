#include "calls/guard_attempt.h"

#include <algorithm>
#include <iterator>

namespace tidegate::calls {

using guardrails::Direction;

namespace {

// Anthropic's `system` is one text: a pattern may ask for its beginning, or match across two that are joined.
bool joins_texts(const AttemptState& state) {
    if (state.provider.format != dialect::Format::anthropic)
        return false;
    const auto systems =
        std::count_if(state.prompt.begin(), state.prompt.end(), [](const dialect::PromptMessage& message) {
            return message.role == dialect::Role::system || message.role == dialect::Role::developer;
        });
    return systems > 1 || (systems == 1 && state.attempt.request.has_system());
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

// What the client sent is parsed already, and in its own dialect its texts are sent as they are.
bool input_is_clean(AttemptState& state) {
    const GuardrailList& guardrails = state.attempt.variant.guardrails;
    state.result.request_clean = finds_nothing(guardrails, state.attempt.request);
    return state.result.request_clean && state.same_dialect() && !joins_texts(state) &&
           finds_nothing(guardrails, state.prompt);
}

async::Task<bool> guard_input(AttemptState& state) {
    const GuardrailList& guardrails = state.attempt.variant.guardrails;
    const GuardContext context = guard_context(state);
    auto outcome = co_await guard_request(context, guardrails, state.attempt.request.operation(), *state.body);
    co_return take_verdict(state, outcome.verdict, outcome.message, std::move(outcome.trips));
}

async::Task<bool> guard_whole_answer(AttemptState& state, std::string& body) {
    const GuardrailList& guardrails = state.attempt.variant.guardrails;
    const GuardContext context = guard_context(state);
    auto outcome = co_await guard_answer(context, guardrails, state.attempt.request.format(), body);
    co_return take_verdict(state, outcome.verdict, outcome.message, std::move(outcome.trips));
}

}  // namespace tidegate::calls
