// The members of the JSON form, once, for the writer and the reader. docs/call_record.md describes them.
#pragma once

#include <tidegate/events/call_record.h>

namespace tidegate::events {

// Calls `member(name, value)` for each. `Record` is CallRecord, const for the writer.
template <class Record, class Member>
void for_each_member(Record& record, Member& member) {
    member("id", record.id);
    member("started_us", record.started);
    member("total_us", record.total);
    member("first_token_us", record.first_token);
    member("upstream_us", record.upstream);
    member("gateway_us", record.gateway);
    member("dialect", record.dialect);
    member("operation", record.operation);
    member("stream", record.stream);
    member("feature", record.feature);
    member("user", record.user);
    member("conversation", record.conversation);
    member("key", record.key);
    member("attributes", record.attributes);
    member("segments", record.segments);
    member("variant", record.variant);
    member("rule", record.rule);
    member("reason", record.reason);
    member("bucket", record.bucket);
    member("unassigned", record.unassigned);
    member("config_hash", record.config_hash);
    member("outcome", record.outcome);
    member("status", record.status);
    member("error_code", record.error_code);
    member("error_message", record.error_message);
    member("fallback_entry", record.fallback_entry);
    member("fallback_reason", record.fallback_reason);
    member("cache", record.cache);
    member("cached_from", record.cached_from);
    member("prompt", record.prompt);
    member("prompt_hash", record.prompt_hash);
    member("model", record.model);
    member("answered_model", record.answered_model);
    member("finish_reason", record.finish_reason);
    member("usage", record.usage);
    member("usage_kind", record.usage_kind);
    member("cost_nano_usd", record.cost);
    member("price_hash", record.price_hash);
    member("attempts", record.attempts);
    member("shadow", record.shadow);
}

template <class AShadow, class Member>
void for_each_shadow_member(AShadow& shadow, Member& member) {
    member("role", shadow.role);
    member("variant_hash", shadow.variant_hash);
    member("counts", shadow.counts);
    member("latency_us", shadow.latency);
    member("trips", shadow.trips);
    member("disagrees", shadow.disagrees);
    member("comparisons", shadow.comparisons);
    member("live", shadow.live);
}

template <class ASide, class Member>
void for_each_live_member(ASide& live, Member& member) {
    member("call", live.call);
    member("variant", live.variant);
    member("model", live.model);
    member("prompt", live.prompt);
    member("finish_reason", live.finish_reason);
    member("usage", live.usage);
    member("cost_nano_usd", live.cost);
    member("latency_us", live.latency);
    member("trips", live.trips);
}

template <class AComparison, class Member>
void for_each_comparison_member(AComparison& comparison, Member& member) {
    member("comparator", comparison.comparator);
    member("similarity", comparison.similarity);
    member("agrees", comparison.agrees);
}

template <class AnAttempt, class Member>
void for_each_attempt_member(AnAttempt& attempt, Member& member) {
    member("number", attempt.number);
    member("entry", attempt.entry);
    member("provider", attempt.provider);
    member("model", attempt.model);
    member("model_id", attempt.model_id);
    member("prompt", attempt.prompt);
    member("started_us", attempt.started);
    member("latency_us", attempt.latency);
    member("first_token_us", attempt.first_token);
    member("reason", attempt.reason);
    member("status", attempt.status);
    member("error", attempt.error);
    member("tries", attempt.tries);
    member("usage", attempt.usage);
    member("usage_kind", attempt.usage_kind);
    member("cost_nano_usd", attempt.cost);
    member("price_hash", attempt.price_hash);
    member("account", attempt.account);
    member("reserved_nano_usd", attempt.reserved);
    member("lease", attempt.lease);
    member("lease_epoch", attempt.lease_epoch);
    member("key_lease", attempt.key_lease);
    member("key_lease_epoch", attempt.key_lease_epoch);
    member("trips", attempt.trips);
    member("mean_logprob", attempt.mean_logprob);
    member("dropped", attempt.dropped);
    member("provider_request_id", attempt.provider_request_id);
}

template <class ATrip, class Member>
void for_each_trip_member(ATrip& trip, Member& member) {
    member("guardrail", trip.guardrail);
    member("category", trip.category);
    member("direction", trip.direction);
    member("action", trip.action);
    member("count", trip.count);
}

template <class AUsage, class Member>
void for_each_usage_member(AUsage& usage, Member& member) {
    member("input", usage.input);
    member("cache_read", usage.cache_read);
    member("cache_write", usage.cache_write);
    member("cache_write_1h", usage.cache_write_1h);
    member("output", usage.output);
    member("reasoning", usage.reasoning);
    member("audio_input", usage.audio_input);
    member("audio_output", usage.audio_output);
    member("reported", usage.reported);
}

}  // namespace tidegate::events
