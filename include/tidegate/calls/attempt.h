// One variant run once: what it is given, where its answer goes, and what came of it.
#pragma once

#include <tidegate/async/cancellation.h>
#include <tidegate/async/task.h>
#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>
#include <tidegate/calls/variant.h>
#include <tidegate/calls/worker.h>
#include <tidegate/dialect/request_view.h>
#include <tidegate/events/call_record.h>
#include <tidegate/guardrails/guardrail.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::access {
class Key;
}
namespace tidegate::ledger {
class Account;
}

namespace tidegate::calls {

// Why an attempt ended as it did; recorded, and shown in `x-tidegate-fallback`.
enum class Reason {
    ok,
    error,                // unreachable, reset, a provider's 5xx, or our own credentials refused
    timeout,              // connect, idle or the attempt's deadline
    first_token_timeout,  // a stream's first content came too late
    rate_limit,           // the provider's 429
    overloaded,           // the provider's 503 or 529, or its `concurrent` limit is full
    circuit_open,         // not tried: it has failed too often just now
    refusal,              // by the provider's content filter or the model
    malformed,            // not the answer that its format promises
    guardrail,            // a guardrail tripped whose action is fallback
    low_confidence,       // the mean log-probability is below the feature's bound
    budget,               // not tried: its worst case does not fit what is left of the account
    // These end the chain: another variant could not help, or nobody waits.
    rejected,         // the provider found the client's request wrong: 400, 409, 413, 422
    invalid_request,  // it cannot be said in the provider's format
    prompt_variable_missing,
    blocked,      // a guardrail tripped whose action is block
    key_limited,  // the access key's tokens of the minute are used up
    key_budget,   // its money of the month is
    cancelled,
};
std::string_view to_string(Reason reason);
// Whether the next entry of the chain may do better.
bool allows_fallback(Reason reason);

// Where released parts of a stream go: the client's connection, or somebody who collects them.
class EventSink {
  public:
    virtual ~EventSink() = default;
    // The first content is about to be written: from here on a fallback is impossible. `header_lines` are the
    // provider's that pass to the client.
    virtual void begin(std::string_view header_lines) = 0;
    // Whole events in the format asked for. Returns when they were taken: back-pressure up to the provider.
    virtual async::Task<Result<void>> write(std::string_view bytes) = 0;
};

// Everything it points to outlives the attempt.
struct AttemptRequest {
    const Variant& variant;
    const dialect::RequestView& request;
    // The value of a prompt variable, if the caller gave one.
    const std::function<std::optional<std::string_view>(std::string_view)>& variables;
    CallId call{};
    std::string_view call_id;  // the same as text
    int number = 1;            // within the call
    // Whose money it is: a feature's account, and a key's behind it. Both pay or neither does.
    std::span<ledger::Account* const> accounts = {};
    const access::Key* key = nullptr;  // whose tokens a minute count; null: nobody's
    std::string_view feature = {};     // who asks, for checks that ask somebody else
    // A mean log-probability below this is no answer to rely on; on a stream it is recorded only.
    std::optional<double> least_mean_logprob = {};
    SteadyTime call_started{};
    SteadyTime deadline{};                // of this attempt
    std::optional<Duration> first_token;  // streams: to the first content
    bool last = true;                     // no later entry of the chain calls out
    bool provider_changed = false;        // from the chain's first: its reasoning parts mean nothing here
    bool second_try = true;               // false: the client's SDK is retrying already
    std::string_view passed_headers;      // lines of the client's that go to a provider of the same dialect
    std::string_view idempotency_key;     // empty: none
    async::Cancellation& cancellation;
};

struct AttemptResult {
    Reason reason = Reason::error;
    events::Attempt record;
    bool released = false;  // a stream's content went to the sink
    // The input guardrails have seen every text of the client's request, and found nothing.
    bool request_clean = false;
    int status = 0;            // for the client, when `reason` is ok, rejected or refusal
    std::string header_lines;  // the provider's that pass to the client
    std::string body;          // the whole answer in the client's format, or the last events of a stream
    std::string message;       // why it failed, one line for the client
    std::optional<Duration> retry_after;
    std::string answered_model;
    std::string finish;
    std::vector<guardrails::Trip> trips;  // of its guardrails, in both directions
    events::Content content;              // what the provider sent, up to the limit it was given
};

// The only caller of a model. Runs on the worker's thread, never throws for anything that comes from outside.
// `result` is fresh; its `content` keeps as much of the answer for the record as its limit says.
async::Task<void> run_attempt(Worker& worker, const AttemptRequest& attempt, EventSink& sink,
                              AttemptResult& result);

}  // namespace tidegate::calls
