#include "pipeline/chain_end.h"

#include "pipeline/retry_after.h"

#include <tidegate/base/text.h>
#include <tidegate/dialect/error.h>
#include <tidegate/http/response_writer.h>
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
        case Reason::blocked:
            return {Outcome::blocked, 400, "guardrail_blocked"};
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
    return retry_after_line(last.retry_after.value_or(std::chrono::seconds{1}));
}

// What a provider says of its limits, for clients that pace themselves by it.
std::string rate_limit_lines(std::string_view provider_lines) {
    std::string lines;
    while (!provider_lines.empty()) {
        const std::size_t end = provider_lines.find('\n');
        const std::string_view line = provider_lines.substr(0, end == std::string_view::npos ? end : end + 1);
        if (to_lower(line.substr(0, line.find(':'))).find("ratelimit-") != std::string::npos)
            lines += line;
        provider_lines.remove_prefix(line.size());
    }
    return lines;
}

// A key, an id or an account that a provider does not accept: another try meets the same.
bool needs_the_operator(const Exchange& exchange) {
    return std::all_of(exchange.attempts.begin(), exchange.attempts.end(), [](const events::Attempt& attempt) {
        return attempt.status >= 401 && attempt.status <= 404;
    });
}

// Until the month ends only the operator can help, which takes an hour more often than a second.
constexpr std::string_view kNoUseTrying = "retry-after: 3600\r\nx-should-retry: false\r\n";

// Its tokens come back within the minute, its money does not.
void refuse_key(Exchange& exchange, const calls::AttemptResult& last) {
    exchange.nobody_answered();
    if (last.reason == calls::Reason::key_budget) {
        exchange.refuse(Outcome::rejected, 429, "budget_exhausted", last.message, std::string(kNoUseTrying));
    } else if (last.retry_after) {
        exchange.refuse(Outcome::rejected, 429, "rate_limited", last.message, retry_line(last, 429));
    } else {  // more than a whole minute's worth
        exchange.refuse(Outcome::rejected, 429, "rate_limited", last.message, std::string(kNoUseTrying));
    }
}

}  // namespace

void deliver_whole(Exchange& exchange, calls::AttemptResult& result) {
    Outgoing answer;
    answer.status = result.status;
    answer.body = std::move(result.body);
    if (!result.released && exchange.view.stream() && result.status == 200) {
        // A stream that ended before any content: its events are all there.
        answer.content_type = "text/event-stream; charset=utf-8";
        answer.header_lines = "cache-control: no-cache\r\nx-accel-buffering: no\r\n";
    }
    answer.header_lines += result.header_lines;
    exchange.outgoing = std::move(answer);
}

void reject(Exchange& exchange, calls::AttemptResult& result) {
    exchange.settle(Outcome::client_error);
    exchange.note_error("upstream_rejected", result.message);
    result.header_lines += "x-tidegate-error: upstream_rejected\r\n";
    deliver_whole(exchange, result);
}

void stop_cancelled(Exchange& exchange, const calls::AttemptResult& result) {
    if (exchange.writer.cancellation().reason() != async::CancelReason::shutdown) {
        exchange.settle(Outcome::cancelled);
        return;
    }
    exchange.settle(Outcome::upstream_error);
    if (result.released) {
        calls::AttemptResult ended;
        ended.message = "the gateway is shutting down";
        break_off(exchange, ended);
        return;
    }
    exchange.nobody_answered();
    exchange.refuse(Outcome::upstream_error, 503, "overloaded", "The gateway is shutting down.",
                    "retry-after: 1\r\n");
}

void refuse_after(Exchange& exchange, const calls::AttemptResult& last) {
    const Ending ending = ending_of(last.reason);
    if (last.reason == Reason::key_limited || last.reason == Reason::key_budget) {
        refuse_key(exchange, last);
        return;
    }
    const bool ours = last.reason == Reason::invalid_request ||
                      last.reason == Reason::prompt_variable_missing || last.reason == Reason::blocked;
    exchange.nobody_answered();
    const std::string message = ours ? last.message : "No answer could be had. " + story_of(exchange);
    std::string lines = retry_line(last, ending.status);
    if (last.reason == Reason::rate_limit)
        lines += rate_limit_lines(last.header_lines);
    if (!exchange.attempts.empty() && needs_the_operator(exchange))
        lines += "x-should-retry: false\r\n";
    exchange.refuse(ending.outcome, ending.status, ending.code, message, std::move(lines));
}

void refuse_for_budget(Exchange& exchange, const calls::AttemptResult& last) {
    exchange.nobody_answered();
    if (last.reason == Reason::budget && last.retry_after) {
        exchange.refuse(Outcome::rejected, 503, "overloaded", last.message, retry_line(last, 503));
        return;
    }
    exchange.refuse(
        Outcome::rejected, 429, "budget_exhausted",
        fmt::format("The budget of the feature {} for this month is used up.", exchange.feature->name),
        std::string(kNoUseTrying));
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
