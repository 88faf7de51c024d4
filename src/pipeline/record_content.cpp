#include "pipeline/record_content.h"

#include <tidegate/calls/redact.h>
#include <tidegate/events/call_record.h>
#include <tidegate/guardrails/guardrail.h>
#include <tidegate/pipeline/exchange.h>

#include <algorithm>

namespace tidegate::pipeline {
namespace {

using Guardrails = std::vector<std::shared_ptr<const guardrails::Guardrail>>;

// Whether the decided variant was the only one that was tried, as for most calls.
bool one_variant(const Exchange& exchange) {
    return exchange.tried.size() == 1 && exchange.tried.front() == exchange.variant;
}

Guardrails guardrails_of_all(const Exchange& exchange) {
    Guardrails all;
    const auto add = [&all](const FeatureVariant* variant) {
        if (variant == nullptr)
            return;
        for (const auto& guardrail : variant->variant.guardrails) {
            if (std::find(all.begin(), all.end(), guardrail) == all.end())
                all.push_back(guardrail);
        }
    };
    add(exchange.variant);
    for (const FeatureVariant* tried : exchange.tried) add(tried);
    return all;
}

}  // namespace

void describe_content(Exchange& exchange, events::CallRecord& record) {
    const FeatureTable& table = *exchange.table;
    if (table.max_content == 0)
        return;
    const bool one = one_variant(exchange);
    const Guardrails gathered = one ? Guardrails() : guardrails_of_all(exchange);
    const calls::GuardrailSpan guardrails = one ? exchange.variant->variant.guardrails : gathered;
    const calls::RecordScope scope =
        table.redact_content ? calls::RecordScope::all : calls::RecordScope::matched;
    record.request = events::Content(table.max_content);
    record.request.format = record.dialect;
    record.answer = std::move(exchange.answer_content);
    if (guardrails.empty()) {
        record.request.append(exchange.view.body());
        for (const std::string_view text : exchange.view.context()) record.context.emplace_back(text);
        return;
    }
    // What an attempt has looked at need not be looked at again.
    if (exchange.request_clean && scope == calls::RecordScope::matched) {
        record.request.append(exchange.view.body());
    } else {
        record.request.append(calls::redacted_request(exchange.operation, exchange.view.body(), guardrails,
                                                      exchange.trips, scope));
    }
    for (const std::string_view text : exchange.view.context())
        record.context.push_back(calls::redacted_text(text, guardrails, scope));
    if (const auto format = dialect::parse_format(record.answer.format))
        record.answer =
            calls::redacted_answer(std::move(record.answer), *format, guardrails, exchange.trips, scope);
}

}  // namespace tidegate::pipeline
