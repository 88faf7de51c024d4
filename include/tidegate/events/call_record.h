// What is kept of one call: who asked, what was decided, what was tried, what came out and what it cost. Plain
// data, filled by the thread of the call, then handed to the log and never changed. The JSON form is
// docs/call_record.md.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/id.h>
#include <tidegate/base/money.h>
#include <tidegate/base/result.h>
#include <tidegate/dialect/usage.h>
#include <tidegate/events/content.h>
#include <tidegate/events/shadow.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::events {

// The version of the JSON form. Members are only added to a version; readers ignore those they do not know.
constexpr int kRecordSchema = 1;

enum class Outcome {
    ok,
    fallback,  // an entry of the chain behind the decided variant answered
    degraded,  // the budget chose a cheaper entry
    cached,
    client_error,
    blocked,   // by a guardrail
    rejected,  // by a limit or the budget
    upstream_error,
    timeout,
    cancelled,  // the client left
};
std::string_view to_string(Outcome outcome);
std::optional<Outcome> parse_outcome(std::string_view name);

// Where the figures of usage come from.
enum class UsageKind {
    none,      // nothing was spent, or nothing could be
    reported,  // by the provider
    bounded,   // the provider did not say: input at its bound, output by what was received
};
std::string_view to_string(UsageKind kind);

// Durations are kept to the microsecond in the JSON form, the start as well.
using Pairs = std::vector<std::pair<std::string, std::string>>;

// What a guardrail found in one direction of an attempt; never what it was.
struct Trip {
    std::string guardrail;
    std::string category;
    std::string direction;  // "input", "output"
    std::string action;     // that was taken: "record", "redact", "fallback", "block"
    std::int64_t count = 0;

    bool operator==(const Trip&) const = default;
};

// One variant (or answer entry) run once. Its tries are the HTTP requests it took.
struct Attempt {
    int number = 1;
    std::string entry;     // the variant's or answer's name
    std::string provider;  // empty for an entry that calls no model
    std::string model;     // the configured name
    std::string model_id;  // the provider's name for it, as sent
    std::string prompt;    // "name@3", empty without
    Duration started{};    // since the call's start
    Duration latency{};
    std::optional<Duration> first_token;
    std::string reason;  // "ok", or why it failed ("timeout", "rate_limit", "circuit_open", …)
    int status = 0;      // HTTP status of the last try, 0 if there was none
    std::string error;   // one line, without secrets
    int tries = 0;
    dialect::Usage usage;
    UsageKind usage_kind = UsageKind::none;
    NanoDollars cost;
    std::string price_hash;  // of the price table the cost was worked out with
    std::string account;     // whose money it was: "users", "shadow", "evaluation"; empty without a model
    NanoDollars reserved;    // the worst case that was set aside, for all tries together
    // Of the feature's account and of the key's: what was set aside came from them. 0: no ceiling there.
    std::int64_t lease = 0;
    std::int64_t lease_epoch = 0;
    std::int64_t key_lease = 0;
    std::int64_t key_lease_epoch = 0;
    std::vector<Trip> trips;
    std::optional<double> mean_logprob;  // of the answer's tokens, if the feature asks for it; four decimals
    std::vector<std::string> dropped;    // parameters that the model refuses and that were left out
    std::string provider_request_id;

    bool operator==(const Attempt&) const = default;
};

struct CallRecord {
    CallId id;
    WallTime started{};
    Duration total{};
    std::optional<Duration> first_token;
    Duration upstream{};  // time spent waiting for providers
    Duration gateway{};   // the rest

    // What was asked for, and by whom.
    std::string dialect;    // of the client
    std::string operation;  // "chat", "embeddings", …
    bool stream = false;
    std::string feature;
    std::string user;
    std::string conversation;
    std::string key;  // the access key's name
    Pairs attributes;
    Pairs segments;  // the configured ones, values outside the configuration as "other"

    // What was decided.
    std::string variant;
    std::string rule;                     // of targeting, empty for the default
    std::string reason;                   // of the decision ("targeting_match", "split", …)
    std::optional<std::uint32_t> bucket;  // 0 … 9999
    bool unassigned = false;              // weights, but nobody to weigh by
    std::string config_hash;

    // What came out.
    Outcome outcome = Outcome::ok;
    int status = 0;          // as answered
    std::string error_code;  // of interface "Errors"
    std::string error_message;
    std::string fallback_entry;
    std::string fallback_reason;
    std::string cache;        // of a feature with a cache: "hit", "coalesced", "stale", "miss", "bypass"
    std::string cached_from;  // the call whose answer it was, if it was another's
    std::string prompt;       // "name@3" of the entry that answered
    std::string prompt_hash;
    std::string model;           // the configured name
    std::string answered_model;  // as the provider named it
    std::string finish_reason;
    dialect::Usage usage;  // the sum over attempts
    UsageKind usage_kind = UsageKind::none;
    NanoDollars cost;  // the sum over attempts
    std::string price_hash;
    std::vector<Attempt> attempts;
    // Only of a shadow run: no user waited for it, and it counts in no figure of users.
    std::optional<Shadow> shadow;

    // `records.content`: kept apart in the JSON form, so that it can be left unread.
    Content request;                   // as received from the client
    Content answer;                    // as sent by the provider that answered
    std::vector<std::string> context;  // of the member `tidegate`
    Content live_answer;               // of a shadow run: what it is compared with

    bool operator==(const CallRecord&) const = default;
};

// The JSON form. Not for an I/O thread: it may take milliseconds.
std::string encode(const CallRecord& record, bool with_content = true);
// The form without content behind what `text` holds.
void append_encoded(std::string& text, const CallRecord& record);
// Reads either form. Unknown members are ignored, missing ones keep their default; a newer schema is refused.
Result<CallRecord> decode(std::string_view json);
// The attempts alone, for who needs no more of every call.
Result<std::vector<Attempt>> decode_attempts(std::string_view json);

// What it holds in memory, for the bounds of queues.
std::size_t memory_of(const CallRecord& record);

}  // namespace tidegate::events
