#include "pipeline/static_answer.h"

#include <tidegate/calls/first_sentences.h>
#include <tidegate/dialect/answer.h>
#include <tidegate/pipeline/exchange.h>

namespace tidegate::pipeline {

std::string text_of(const Exchange& exchange, const ChainEntry& entry) {
    if (const auto* text = std::get_if<TextAnswer>(&entry.answer))
        return text->text;
    if (const auto* json = std::get_if<JsonAnswer>(&entry.answer))
        return json->json;
    return calls::first_sentences(exchange.view.last_user_text(), std::get<FirstSentences>(entry.answer).count);
}

bool suits(const Exchange& exchange, const ChainEntry& entry) {
    if (exchange.operation == dialect::Operation::embeddings)
        return false;
    return !exchange.view.wants_json() || std::holds_alternative<JsonAnswer>(entry.answer) ||
           std::holds_alternative<HttpAnswer>(entry.answer);
}

void answer_with(Exchange& exchange, std::string_view text) {
    dialect::AnswerIdentity identity;
    identity.call_id = exchange.id_text;
    identity.model = exchange.feature->name;
    identity.created = std::chrono::floor<std::chrono::seconds>(exchange.started).time_since_epoch().count();
    Outgoing answer;
    if (exchange.view.stream()) {
        dialect::write_text_stream(exchange.format, identity, text, exchange.view.wants_usage(), answer.body);
        answer.content_type = "text/event-stream; charset=utf-8";
        answer.header_lines = "cache-control: no-cache\r\nx-accel-buffering: no\r\n";
    } else {
        dialect::write_text_answer(exchange.format, identity, text, answer.body);
    }
    exchange.answer_content = events::Content(exchange.table->max_content);
    exchange.answer_content.format = dialect::to_string(exchange.format);
    exchange.answer_content.stream = exchange.view.stream();
    exchange.answer_content.append(answer.body);
    exchange.finish_reason = dialect::to_string(dialect::Finish::stop);
    exchange.outgoing = std::move(answer);
}

}  // namespace tidegate::pipeline
