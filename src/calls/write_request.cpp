#include "calls/write_request.h"

#include <tidegate/prompts/registry.h>

#include <span>

namespace tidegate::calls {
namespace {

bool render_prompt(AttemptState& state) {
    const Variant& variant = state.attempt.variant;
    if (!variant.prompt)
        return true;
    auto messages = prompts::render(*variant.prompt, state.attempt.variables);
    if (!messages)
        return state.fail(Reason::prompt_variable_missing, messages.error().message);
    for (auto& message : *messages) state.prompt.push_back({message.role, std::move(message.text)});
    return true;
}

}  // namespace

bool write_request(AttemptState& state) {
    if (!render_prompt(state))
        return false;
    const Variant& variant = state.attempt.variant;
    dialect::RequestEdits edits;
    edits.model = state.model.id;
    edits.prompt = state.prompt;
    if (state.attempt.request.operation() == dialect::Operation::chat)
        edits.max_output_tokens = state.output_limit();
    edits.temperature = variant.temperature;
    edits.top_p = variant.top_p;
    edits.seed = variant.seed;
    if (!variant.stop.empty())
        edits.stop = std::span<const std::string>(variant.stop);
    edits.reasoning_effort = variant.reasoning_effort;
    edits.quirks = state.model.quirks;
    edits.ask_logprobs = state.attempt.least_mean_logprob.has_value();
    edits.drop_reasoning = state.attempt.provider_changed;
    auto written = dialect::write_request(state.attempt.request, state.provider.format, edits, *state.body);
    if (!written)
        return state.fail(Reason::invalid_request, written.error().message);
    state.result.record.dropped = std::move(*written);
    return true;
}

}  // namespace tidegate::calls
