#include "pipeline/shadow_copy.h"

#include "pipeline/passed_headers.h"

#include <tidegate/http/request.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

namespace tidegate::pipeline {

ShadowCopy copy_request(const Exchange& exchange, std::size_t variant, events::ShadowRole role) {
    ShadowCopy copy;
    copy.table = exchange.table;
    copy.id = CallId::make(exchange.thread.io.clock().wall());
    copy.feature = exchange.feature;
    copy.variant = variant;
    copy.role = role;
    copy.format = exchange.format;
    const std::string_view body = exchange.view.body();
    copy.body_size = body.size();
    copy.body.reserve(body.size() + dialect::kBodyPadding);
    copy.body.append(body).append(dialect::kBodyPadding, ' ');
    copy.variables = exchange.header_variables;
    copy.passed_headers = passed_headers(exchange.request);
    copy.user = exchange.user;
    copy.conversation = exchange.conversation;
    if (exchange.key != nullptr)
        copy.key = exchange.key->name();
    return copy;
}

void describe_live(const Exchange& exchange, ShadowCopy& copy) {
    const calls::Variant& variant = exchange.answered_by->variant;
    const events::Attempt& attempt = exchange.attempts.back();
    copy.live.call = exchange.id_text;
    copy.live.variant = variant.name;
    copy.live.model = variant.model->name;
    copy.live.prompt = variant.prompt_name;
    copy.live.finish_reason = exchange.finish_reason;
    copy.live.usage = attempt.usage;
    copy.live.cost = attempt.cost;
    copy.live.latency = attempt.latency;
    for (const guardrails::Trip& trip : exchange.trips)
        copy.live.trips += static_cast<std::int64_t>(trip.count);
    copy.live_variant = &variant;
    copy.live_trips = exchange.trips;
    copy.live_answer = exchange.shadow.streamed;
    if (const std::optional<Outgoing>& last = exchange.outgoing)
        copy.live_answer.append(last->body);
    copy.live_answer.format = dialect::to_string(exchange.format);
    copy.live_answer.stream = exchange.view.stream();
}

}  // namespace tidegate::pipeline
