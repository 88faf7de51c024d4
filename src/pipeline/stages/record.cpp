#include "pipeline/stages/record.h"

#include "pipeline/durable_signal.h"
#include "pipeline/record_content.h"

#include <tidegate/base/log.h>
#include <tidegate/events/log.h>
#include <tidegate/http/request.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/storage.h>
#include <tidegate/pipeline/thread_state.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::pipeline {
namespace {

events::RecordPointer describe_request(const Exchange& exchange) {
    events::RecordPointer record = exchange.thread.records->take();
    record->id = exchange.id;
    record->started = exchange.started;
    record->dialect = dialect::to_string(exchange.format);
    record->operation = dialect::to_string(exchange.operation);
    record->stream = exchange.view.stream();
    record->feature = exchange.feature->name;
    record->user = exchange.user;
    record->conversation = exchange.conversation;
    if (exchange.key != nullptr)
        record->key = exchange.key->name();
    for (const auto& [name, value] : exchange.attributes) {
        std::string text =
            std::holds_alternative<std::string>(value) ? std::get<std::string>(value) : flags::to_text(value);
        const auto segment = exchange.table->segments.find(name);
        if (segment != exchange.table->segments.end()) {
            const bool listed =
                std::find(segment->second.begin(), segment->second.end(), text) != segment->second.end();
            record->segments.emplace_back(name, listed ? text : "other");
        }
        record->attributes.emplace_back(name, std::move(text));
    }
    return record;
}

void describe_decision(const Exchange& exchange, events::CallRecord& record) {
    record.config_hash = exchange.table->config_hash;
    if (exchange.variant == nullptr)
        return;
    record.variant = exchange.decision.variant;
    record.rule = exchange.decision.rule;
    record.reason = flags::to_string(exchange.decision.reason);
    if (exchange.decision.bucket)
        record.bucket = static_cast<std::uint32_t>(*exchange.decision.bucket);
    record.unassigned = exchange.decision.unassigned;
}

void describe_outcome(Exchange& exchange, events::CallRecord& record) {
    record.outcome = exchange.outcome();
    record.status = exchange.status();
    record.error_code = exchange.error_code();
    record.error_message = exchange.error_message();
    record.fallback_entry = exchange.fallback_entry;
    record.fallback_reason = exchange.fallback_reason;
    if (exchange.cache.result && exchange.feature->cache)
        record.cache = to_string(*exchange.cache.result);
    record.cached_from = exchange.cache.source;
    record.answered_model = exchange.answered_model;
    record.finish_reason = exchange.finish_reason;
    if (const FeatureVariant* answered = exchange.answered_by) {
        record.prompt = answered->variant.prompt_name;
        record.prompt_hash = answered->variant.prompt_hash;
        record.model = answered->variant.model->name;
        record.price_hash = answered->variant.model->price_hash;
    }
    for (const events::Attempt& attempt : exchange.attempts) {
        record.usage += attempt.usage;
        record.cost += attempt.cost;
        record.usage_kind = std::max(record.usage_kind, attempt.usage_kind);
    }
    record.attempts = std::move(exchange.attempts);
}

void count(const Exchange& exchange, const events::CallRecord& record) {
    exchange.thread.services.metrics.gateway_overhead().observe(record.gateway);
    const FeatureVariant* variant = exchange.answered_by != nullptr ? exchange.answered_by : exchange.variant;
    if (variant == nullptr)
        return;
    variant->series->outcomes[static_cast<std::size_t>(record.outcome)].increment();
    variant->series->duration.observe(record.total);
    if (record.first_token)
        variant->series->first_token.observe(*record.first_token);
}

}  // namespace

Step RecordStage::enter(Exchange& exchange) {
    Services& services = exchange.thread.services;
    services.metrics.requests_inflight().add(1);
    if (may_begin(services))
        return Step::next;
    services.metrics.rejected("overloaded").increment();
    const std::vector<std::string_view> troubles = storage_troubles(services);
    const std::string_view why = troubles.empty() ? "call records could not be written" : troubles.front();
    exchange.refuse(events::Outcome::rejected, 503, "overloaded",
                    fmt::format("No call may begin while {}; try again soon.", why), "retry-after: 1\r\n");
    exchange.unrecordable = true;
    return Step::answered;
}

void RecordStage::complete(Exchange& exchange) noexcept try {
    Services& services = exchange.thread.services;
    services.metrics.requests_inflight().add(-1);
    if (exchange.unrecordable)
        return;
    // First, so that nothing that fails below lets an answer through without its record.
    if (services.strict)
        exchange.durable = std::make_shared<DurableSignal>(exchange.thread.io.executor());
    auto record = describe_request(exchange);
    describe_decision(exchange, *record);
    describe_outcome(exchange, *record);
    describe_content(exchange, *record);
    record->total = exchange.thread.io.clock().steady() - exchange.received;
    record->first_token = exchange.first_token;
    record->upstream = exchange.upstream_wait;
    record->gateway = record->total - exchange.upstream_wait;
    count(exchange, *record);

    std::function<void(bool)> on_durable;
    if (exchange.durable)
        on_durable = [signal = exchange.durable](bool durable) { signal->set(durable); };
    if (!services.log.append(std::move(record), std::move(on_durable)) && exchange.durable)
        exchange.durable->set(false);
} catch (const std::exception& exception) {
    log::error("pipeline", "call {} could not be recorded: {}", exchange.id_text, exception.what());
    if (exchange.durable)
        exchange.durable->set(false);
}

}  // namespace tidegate::pipeline
