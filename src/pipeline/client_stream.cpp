#include "pipeline/client_stream.h"

#include <tidegate/dialect/error.h>
#include <tidegate/http/response_writer.h>
#include <tidegate/pipeline/exchange.h>

namespace tidegate::pipeline {

std::string stream_headers(const Exchange& exchange, std::string_view header_lines) {
    std::string lines =
        "content-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\nx-accel-buffering: "
        "no\r\n";
    exchange.append_answer_headers(lines, header_lines);
    return lines;
}

cache::Origin origin_of(const Exchange& exchange) {
    cache::Origin origin;
    origin.call_id = exchange.id_text;
    if (exchange.answered_by != nullptr)
        origin.variant = exchange.answered_by->variant.name;
    origin.fallback_entry = exchange.fallback_entry;
    origin.fallback_reason = exchange.fallback_reason;
    for (const guardrails::Trip& trip : exchange.trips) {
        const bool input = trip.direction == guardrails::Direction::input;
        origin.tripped.push_back({trip.guardrail, trip.category, input});
    }
    return origin;
}

ClientStream::ClientStream(Exchange& exchange) : exchange_(exchange), writer_(exchange.writer) {}

void ClientStream::begin(std::string_view header_lines) {
    if (exchange_.cache.lead) {
        lead_ = &*exchange_.cache.lead;
        lead_->begin(origin_of(exchange_));
    }
    if (exchange_.shadow.sampled())
        streamed_ = &exchange_.shadow.streamed;
    // The head leaves with the first events; a failure to send shows at their write.
    if (!writer_.start_stream(200, stream_headers(exchange_, header_lines)))
        return;
    exchange_.stream_begun = true;
    writer_.set_heartbeat(std::string(dialect::heartbeat(exchange_.format)), exchange_.table->heartbeat);
}

async::Task<Result<void>> ClientStream::write(std::string_view bytes) {
    if (lead_ != nullptr)
        lead_->append(bytes);
    if (streamed_ != nullptr)
        streamed_->append(bytes);
    return writer_.write(bytes);
}

}  // namespace tidegate::pipeline
