#include <tidegate/calls/attempt.h>

namespace tidegate::calls {

std::string_view to_string(Reason reason) {
    switch (reason) {
        case Reason::ok:
            return "ok";
        case Reason::error:
            return "error";
        case Reason::timeout:
            return "timeout";
        case Reason::first_token_timeout:
            return "first_token_timeout";
        case Reason::rate_limit:
            return "rate_limit";
        case Reason::overloaded:
            return "overloaded";
        case Reason::circuit_open:
            return "circuit_open";
        case Reason::refusal:
            return "refusal";
        case Reason::malformed:
            return "malformed";
        case Reason::guardrail:
            return "guardrail";
        case Reason::low_confidence:
            return "low_confidence";
        case Reason::budget:
            return "budget";
        case Reason::rejected:
            return "rejected";
        case Reason::invalid_request:
            return "invalid_request";
        case Reason::prompt_variable_missing:
            return "prompt_variable_missing";
        case Reason::blocked:
            return "blocked";
        case Reason::key_limited:
            return "key_limited";
        case Reason::key_budget:
            return "key_budget";
        case Reason::cancelled:
            return "cancelled";
    }
    return "error";
}

bool allows_fallback(Reason reason) {
    switch (reason) {
        case Reason::ok:
        case Reason::rejected:
        case Reason::invalid_request:
        case Reason::prompt_variable_missing:
        case Reason::blocked:
        case Reason::key_limited:
        case Reason::key_budget:
        case Reason::cancelled:
            return false;
        default:
            return true;
    }
}

}  // namespace tidegate::calls
