#include "pipeline/cached_answer.h"

#include <tidegate/calls/attempt.h>
#include <tidegate/http/header_lines.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

#include <algorithm>

namespace tidegate::pipeline {

void name_origin(Exchange& exchange, const cache::Origin& origin) {
    exchange.cache.source = origin.call_id;
    exchange.fallback_entry = origin.fallback_entry;
    exchange.fallback_reason = origin.fallback_reason;
    exchange.answered_by = exchange.variant;
    for (const cache::Tripped& tripped : origin.tripped) {
        guardrails::Trip& trip = exchange.trips.emplace_back();
        trip.guardrail = tripped.guardrail;
        trip.category = tripped.category;
        trip.direction = tripped.input ? guardrails::Direction::input : guardrails::Direction::output;
    }
    if (origin.fallback_entry.empty())
        return;
    // By name: the call may have begun with another configuration.
    const auto& variants = exchange.feature->variants;
    const auto found = std::find_if(variants.begin(), variants.end(), [&](const FeatureVariant& entry) {
        return entry.variant.name == origin.variant;
    });
    exchange.answered_by = found == variants.end() ? nullptr : &*found;
    exchange.tried.push_back(exchange.answered_by);
}

std::string cost_line(const Exchange& exchange) {
    NanoDollars cost;
    for (const events::Attempt& attempt : exchange.attempts) cost += attempt.cost;
    std::string line;
    http::append_header_line(line, "x-tidegate-cost-usd", cost.to_string());
    return line;
}

void answer_with_entry(Exchange& exchange, const cache::Entry& entry) {
    name_origin(exchange, entry.origin);
    exchange.answered_model = entry.model;
    exchange.finish_reason = entry.finish;
    exchange.answer_content = events::Content(exchange.table->max_content);
    exchange.answer_content.format = dialect::to_string(exchange.format);
    exchange.answer_content.stream = entry.stream;
    exchange.answer_content.append(entry.body);
    if (entry.stream)
        exchange.first_token = exchange.thread.io.clock().steady() - exchange.received;
    Outgoing answer;
    answer.body = entry.body;
    if (entry.stream) {
        answer.content_type = "text/event-stream; charset=utf-8";
        answer.header_lines = "cache-control: no-cache\r\nx-accel-buffering: no\r\n";
    }
    answer.header_lines += cost_line(exchange);
    exchange.outgoing = std::move(answer);
}

async::Task<bool> answer_with_stale(Exchange& exchange) {
    CacheUse& use = exchange.cache;
    if (!use.key || use.wants_fresh)
        co_return false;
    const cache::Key key = *use.key;
    const auto entry = co_await exchange.thread.cache->find(key, cache::kHoweverOld);
    if (!entry)
        co_return false;
    answer_with_entry(exchange, *entry);
    exchange.fallback_entry = "cache";
    exchange.fallback_reason = to_string(calls::Reason::budget);
    use.result = CacheResult::stale;
    co_return true;
}

}  // namespace tidegate::pipeline
