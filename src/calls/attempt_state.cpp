#include "calls/attempt_state.h"

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::calls {

AttemptState::AttemptState(Worker& worker_, const AttemptRequest& attempt_, EventSink& sink_,
                           AttemptResult& result_)
    : worker(worker_),
      attempt(attempt_),
      sink(sink_),
      model(*attempt_.variant.model),
      provider(*attempt_.variant.model->provider),
      started(worker_.io.clock().steady()),
      deadline(std::min(attempt_.deadline, started + provider.total)),
      body(worker_.buffers.borrow()),
      result(result_) {
    result.content.format = dialect::to_string(provider.format);
    result.content.stream = attempt.request.stream();
    events::Attempt& record = result.record;
    record.number = attempt.number;
    record.entry = attempt.variant.name;
    record.provider = provider.name;
    record.model = model.name;
    record.model_id = model.id;
    record.prompt = attempt.variant.prompt_name;
    record.started = started - attempt.call_started;
    body->clear();
}

std::int64_t AttemptState::output_limit() const {
    std::int64_t limit = model.max_output;
    if (attempt.variant.max_output_tokens)
        limit = std::min(limit, *attempt.variant.max_output_tokens);
    if (const auto wanted = attempt.request.max_output_tokens())
        limit = std::min(limit, *wanted);
    return limit;
}

SteadyTime AttemptState::content_deadline() const {
    if (!attempt.request.stream() || content_came)
        return deadline;
    const Duration first = std::min(attempt.first_token.value_or(provider.first_token), provider.first_token);
    return std::min(deadline, started + first);
}

bool AttemptState::fail(Reason reason, std::string message) {
    result.reason = reason;
    result.message = std::move(message);
    return false;
}

void AttemptState::failed(const Error& error) {
    switch (error.kind) {
        case ErrorKind::cancelled:
            fail(Reason::cancelled, "the client left");
            return;
        case ErrorKind::timeout: {
            // Connecting and idling have limits of their own, which say nothing of the first content.
            const bool content_is_late = now() >= content_deadline() && content_deadline() < deadline;
            fail(content_is_late ? Reason::first_token_timeout : Reason::timeout, error.message);
            break;
        }
        case ErrorKind::malformed:
        case ErrorKind::too_large:
            fail(Reason::malformed, error.message);
            break;
        default:
            fail(Reason::error, error.message);
    }
    health = Health::bad;
}

void AttemptState::malformed(const Error& error) {
    health = Health::bad;
    fail(Reason::malformed, fmt::format("{}: {}", provider.name, error.message));
}

}  // namespace tidegate::calls
