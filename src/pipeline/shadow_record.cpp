#include "pipeline/shadow_record.h"

#include <tidegate/pipeline/feature_table.h>

#include <algorithm>

namespace tidegate::pipeline {
namespace {

using calls::Reason;

// A refusal that came as an answer is one: the live side may have refused as well.
bool is_answer(const calls::AttemptResult& result) {
    return result.reason == Reason::ok ||
           (result.reason == Reason::refusal && result.status == 200 && !result.body.empty());
}

events::Outcome recorded_outcome(const calls::AttemptResult& result) {
    if (is_answer(result))
        return events::Outcome::ok;
    switch (result.reason) {
        case Reason::timeout:
        case Reason::first_token_timeout:
            return events::Outcome::timeout;
        case Reason::cancelled:
            return events::Outcome::cancelled;
        case Reason::rejected:
        case Reason::invalid_request:
        case Reason::prompt_variable_missing:
            return events::Outcome::client_error;
        case Reason::guardrail:
        case Reason::blocked:
            return events::Outcome::blocked;
        default:
            return events::Outcome::upstream_error;
    }
}

void describe_variant(const ShadowVariant& runs, events::CallRecord& record) {
    const calls::Variant& variant = runs.variant;
    record.variant = variant.name;
    record.prompt = variant.prompt_name;
    record.prompt_hash = variant.prompt_hash;
    record.model = variant.model->name;
    record.price_hash = variant.model->price_hash;
}

void describe_result(calls::AttemptResult& result, events::CallRecord& record) {
    record.outcome = recorded_outcome(result);
    record.status = result.record.status;
    record.error_message = record.outcome == events::Outcome::ok ? std::string() : result.message;
    record.total = result.record.latency;
    record.upstream = result.record.latency;
    record.first_token = result.record.first_token;
    record.answered_model = result.answered_model;
    record.finish_reason = result.finish;
    record.usage = result.record.usage;
    record.usage_kind = result.record.usage_kind;
    record.cost = result.record.cost;
}

}  // namespace

ShadowOutcome outcome_of(const calls::AttemptResult& result) {
    if (is_answer(result))
        return ShadowOutcome::ok;
    switch (result.reason) {
        case Reason::timeout:
        case Reason::first_token_timeout:
            return ShadowOutcome::timeout;
        case Reason::cancelled:
            return ShadowOutcome::cancelled;
        case Reason::budget:
            return ShadowOutcome::budget;
        case Reason::circuit_open:
            return ShadowOutcome::unavailable;
        case Reason::overloaded:
            // The lane's own limit, unless the provider was asked.
            return result.record.tries == 0 ? ShadowOutcome::unavailable : ShadowOutcome::failed;
        default:
            return ShadowOutcome::failed;
    }
}

bool counts(ShadowOutcome outcome) {
    return outcome == ShadowOutcome::ok || outcome == ShadowOutcome::failed ||
           outcome == ShadowOutcome::timeout;
}

std::unique_ptr<events::CallRecord> shadow_record(ShadowCopy& copy, const dialect::RequestView& view,
                                                  calls::AttemptResult& result, events::Content answer) {
    auto record = std::make_unique<events::CallRecord>();
    record->id = copy.id;
    record->dialect = dialect::to_string(copy.format);
    record->operation = dialect::to_string(view.operation());
    record->stream = view.stream();
    record->feature = copy.feature->name;
    record->user = copy.user;
    record->conversation = copy.conversation;
    record->key = copy.key;
    record->config_hash = copy.table->config_hash;
    describe_variant(copy.runs(), *record);
    describe_result(result, *record);
    record->answer = std::move(answer);
    record->live_answer = std::move(copy.live_answer);

    const ShadowOutcome outcome = outcome_of(result);
    events::Shadow& shadow = record->shadow.emplace();
    shadow.role = copy.role;
    shadow.live = std::move(copy.live);
    shadow.variant_hash = copy.runs().hash;
    shadow.counts = counts(outcome);
    shadow.latency = result.record.latency;
    for (const guardrails::Trip& trip : result.trips) shadow.trips += static_cast<std::int64_t>(trip.count);
    if (shadow.counts && outcome != ShadowOutcome::ok)
        shadow.disagrees = true;
    record->attempts.push_back(std::move(result.record));
    return record;
}

}  // namespace tidegate::pipeline
