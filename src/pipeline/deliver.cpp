#include "pipeline/deliver.h"

#include <tidegate/http/response_writer.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

namespace tidegate::pipeline {
namespace {

std::string answer_headers(const Exchange& exchange, const Outgoing& outgoing) {
    std::string lines;
    lines.reserve(512);
    lines += "content-type: ";
    lines += outgoing.content_type;
    lines += "\r\n";
    exchange.append_answer_headers(lines, outgoing.header_lines);
    return lines;
}

}  // namespace

async::Task<void> deliver(Exchange& exchange) {
    if (!exchange.outgoing)
        co_return;
    const Outgoing& outgoing = *exchange.outgoing;
    http::ResponseWriter& writer = exchange.writer;
    Result<void> sent;
    if (exchange.stream_begun) {
        const std::string_view last = outgoing.body;
        sent = co_await writer.finish(last);
    } else {
        const std::string lines = answer_headers(exchange, outgoing);
        const int status = outgoing.status;
        const std::string_view body = outgoing.body;
        sent = co_await writer.respond(status, lines, body);
    }
    exchange.delivered = sent.has_value();
    if (!sent)
        exchange.settle(events::Outcome::cancelled);
}

}  // namespace tidegate::pipeline
