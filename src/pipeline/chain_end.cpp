#include "pipeline/chain_end.h"

#include <tidegate/dialect/error.h>
#include <tidegate/pipeline/exchange.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::pipeline {
namespace {

using calls::Reason;
using events::Outcome;

struct Ending {
    Outcome outcome;
    int status;
    std::string_view code;
};

Ending ending_of(Reason reason) {
    switch (reason) {
        case Reason::timeout:
        case Reason::first_token_timeout:
            return {Outcome::timeout, 504, "upstream_timeout"};
        case Reason::rate_limit:
            return {Outcome::upstream_error, 429, "rate_limited"};
        case Reason::invalid_request:
            return {Outcome::client_error, 400, "invalid_request"};
        case Reason::prompt_variable_missing:
            return {Outcome::client_error, 422, "prompt_variable_missing"};
        default:
            return {Outcome::upstream_error, 502, "upstream_unavailable"};
    }
}

std::string story_of(const Exchange& exchange) {
    std::string story;
    for (const events::Attempt& attempt : exchange.attempts) {
        story += fmt::format("{}{}: {}", story.empty() ? "" : "; ", attempt.entry, attempt.reason);
        if (!attempt.error.empty())
            story += " (" + attempt.error + ")";
    }
    return story;
}

std::string retry_line(const calls::AttemptResult& last, int status) {
    // An open circuit knows when it is worth another try, whatever the status says.
    if (status != 429 && status != 503 && !last.retry_after)
        return {};
    const auto wait = last.retry_after.value_or(std::chrono::seconds{1});
    return fmt::format("retry-after: {}\r\n",
                       std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count()));
}

}  // namespace

void refuse_after(Exchange& exchange, const calls::AttemptResult& last) {
    const Ending ending = ending_of(last.reason);
    const bool ours = last.reason == Reason::invalid_request || last.reason == Reason::prompt_variable_missing;
    exchange.nobody_answered();
    const std::string message = ours ? last.message : "No answer could be had. " + story_of(exchange);
    exchange.refuse(ending.outcome, ending.status, ending.code, message, retry_line(last, ending.status));
}

void break_off(Exchange& exchange, const calls::AttemptResult& result) {
    const Ending ending = ending_of(result.reason);
    exchange.settle(ending.outcome);
    Outgoing last;
    last.status = 200;
    // A provider's own error event is there already, in the client's dialect.
    last.body = !result.body.empty()
                    ? result.body
                    : dialect::error_event(exchange.format, ending.status, ending.code,
                                           "The stream broke off: " + result.message, exchange.id_text);
    exchange.note_error(ending.code, result.message);
    exchange.outgoing = std::move(last);
}

}  // namespace tidegate::pipeline
