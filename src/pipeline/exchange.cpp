#include "pipeline/durable_signal.h"

#include <tidegate/base/text.h>
#include <tidegate/dialect/error.h>
#include <tidegate/http/header_lines.h>
#include <tidegate/http/request.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

#include <algorithm>

namespace tidegate::pipeline {
namespace {

// How long an answer waits for its record: longer than any sync of a disk that works.
constexpr Duration kRecordPatience = std::chrono::seconds{10};

bool has_line(std::string_view lines, std::string_view name) {
    while (!lines.empty()) {
        const std::size_t end = lines.find("\r\n");
        if (equals_ignoring_case(lines.substr(0, lines.find(':')), name))
            return true;
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 2);
    }
    return false;
}

// With one decimal, rounded.
void append_milliseconds(std::string& out, Duration duration) {
    using Tenths = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;
    const std::int64_t tenths = std::max<std::int64_t>(std::chrono::round<Tenths>(duration).count(), 0);
    out += std::to_string(tenths / 10);
    out += '.';
    out += static_cast<char>('0' + tenths % 10);
}

// Of a stream: until its first content.
void append_times(const Exchange& exchange, std::string& lines) {
    const SteadyTime now = exchange.thread.io.clock().steady();
    const Duration waiting = exchange.waiting_since ? now - *exchange.waiting_since : Duration::zero();
    const Duration upstream = exchange.upstream_wait + waiting;
    lines += "server-timing: upstream;dur=";
    append_milliseconds(lines, upstream);
    lines += ", gateway;dur=";
    append_milliseconds(lines, now - exchange.received - upstream);
    lines += "\r\n";
}

}  // namespace

Exchange::Exchange(ThreadState& state, const http::Request& client_request,
                   http::ResponseWriter& response_writer, dialect::Format client_format,
                   dialect::Operation client_operation)
    : thread(state),
      request(client_request),
      writer(response_writer),
      format(client_format),
      operation(client_operation),
      started(state.io.clock().wall()),
      id(CallId::make(started)),
      id_text(id.to_string()),
      received(client_request.received),
      table(state.table),
      answer_content(state.table->max_content) {}

Exchange::~Exchange() = default;

void Exchange::settle(events::Outcome outcome) {
    if (!outcome_)
        outcome_ = outcome;
}

void Exchange::refuse(events::Outcome outcome, int status, std::string_view code, std::string_view message,
                      std::string extra_header_lines) {
    settle(outcome);
    note_error(code, message);
    Outgoing answer;
    if (stream_begun) {
        answer.body = dialect::error_event(format, status, code, message, id_text);
        outgoing = std::move(answer);
        return;
    }
    answer.status = status;
    answer.header_lines = std::move(extra_header_lines);
    http::append_header_line(answer.header_lines, "x-tidegate-error", code);
    answer.body = dialect::write_error(format, status, code, message, id_text);
    outgoing = std::move(answer);
}

void Exchange::note_error(std::string_view code, std::string_view message) {
    error_code_ = code;
    error_message_ = message;
}

async::Task<bool> Exchange::recorded() {
    if (!durable)
        co_return true;
    const bool on_disk = co_await durable->wait(kRecordPatience);
    co_return on_disk;
}

void Exchange::nobody_answered() {
    answered_by = nullptr;
    fallback_entry.clear();
    fallback_reason.clear();
}

void Exchange::append_answer_headers(std::string& lines, std::string_view provider_lines) const {
    lines.append("x-tidegate-call-id: ").append(id_text).append("\r\n");
    if (answered_by != nullptr) {
        lines += answered_by->header_lines;
    } else {
        // No model answered: a refusal, or an entry that calls none.
        if (feature != nullptr)
            http::append_header_line(lines, "x-tidegate-feature", feature->name);
        if (variant != nullptr)
            http::append_header_line(lines, "x-tidegate-variant", variant->variant.name);
    }
    if (!fallback_entry.empty()) {
        http::append_header_line(lines, "x-tidegate-fallback", fallback_entry + ";reason=" + fallback_reason);
    }
    if (degraded)
        lines += "x-tidegate-degraded: budget\r\n";
    if (cache.result)
        http::append_header_line(lines, "x-tidegate-cache", header_word(*cache.result));
    lines += provider_lines;
    if (cost && !view.stream() && !has_line(provider_lines, "x-tidegate-cost-usd"))
        http::append_header_line(lines, "x-tidegate-cost-usd", cost->to_string());
    append_times(*this, lines);
    const std::string_view id_header = format == dialect::Format::anthropic ? "request-id" : "x-request-id";
    if (!has_line(provider_lines, id_header))
        http::append_header_line(lines, id_header, id_text);
}

}  // namespace tidegate::pipeline
