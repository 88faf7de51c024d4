#include "pipeline/hook_answer.h"

#include <tidegate/base/text.h>
#include <tidegate/http/response_writer.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>
#include <tidegate/upstream/client.h>

#include <algorithm>

#include <fmt/format.h>
#include <simdjson.h>

namespace tidegate::pipeline {
namespace {

constexpr std::size_t kLargestAnswer = 1 << 20;
constexpr std::string_view kHeaders = "content-type: application/json\r\naccept: application/json\r\n";

std::string question(const Exchange& exchange, std::string_view reason) {
    std::string body = "{\"call_id\":";
    append_json_string(body, exchange.id_text);
    body += ",\"feature\":";
    append_json_string(body, exchange.feature->name);
    body += ",\"user\":";
    append_json_string(body, exchange.user);
    body += ",\"conversation\":";
    append_json_string(body, exchange.conversation);
    body += ",\"reason\":";
    append_json_string(body, reason);
    body += ",\"text\":";
    append_json_string(body, exchange.view.last_user_text());
    return body + "}";
}

Error malformed(const std::string& hook) {
    return {ErrorKind::malformed, ErrorSource::upstream,
            fmt::format("the hook {} answered with neither {{\"text\": …}} nor {{\"json\": …}}", hook)};
}

Result<HookAnswer> read_answer(const std::string& hook, std::string_view body) {
    simdjson::dom::parser parser;
    const simdjson::padded_string padded(body);
    simdjson::dom::object object;
    if (parser.parse(padded).get(object) != simdjson::SUCCESS)
        return malformed(hook);
    std::string_view text;
    if (object["text"].get(text) == simdjson::SUCCESS)
        return HookAnswer{std::string(text), false};
    simdjson::dom::element json;
    if (object["json"].get(json) == simdjson::SUCCESS)
        return HookAnswer{simdjson::minify(json), true};
    return malformed(hook);
}

async::Task<Result<HookAnswer>> send(Exchange& exchange, const ChainEntry& entry, const std::string& body,
                                     SteadyTime deadline, int& status) {
    upstream::Request request;
    const upstream::Target& target = std::get<HttpAnswer>(entry.answer).target;
    request.endpoint = target.endpoint;
    request.path = target.path;
    request.headers = kHeaders;
    request.body = body;
    request.total_deadline = deadline;
    auto outcome = co_await exchange.thread.worker.upstream.send(request, exchange.writer.cancellation());
    if (!outcome)
        co_return outcome.error().error;
    status = (*outcome)->status();
    std::string answer;
    const auto read = co_await (*outcome)->read_all(answer, kLargestAnswer);
    if (!read)
        co_return read.error();
    if (status != 200) {
        co_return Error{ErrorKind::unavailable, ErrorSource::upstream,
                        fmt::format("the hook {} answered {}", entry.name, status)};
    }
    co_return read_answer(entry.name, answer);
}

}  // namespace

async::Task<Result<HookAnswer>> ask_hook(Exchange& exchange, const ChainEntry& entry, std::string_view reason,
                                         SteadyTime deadline) {
    const Clock& clock = exchange.thread.io.clock();
    const SteadyTime begun = clock.steady();
    const std::string body = question(exchange, reason);
    deadline = std::min(deadline, begun + std::get<HttpAnswer>(entry.answer).timeout);
    events::Attempt attempt;
    auto answer = co_await send(exchange, entry, body, deadline, attempt.status);
    attempt.number = static_cast<int>(exchange.attempts.size()) + 1;
    attempt.entry = entry.name;
    attempt.started = begun - exchange.received;
    attempt.latency = clock.steady() - begun;
    attempt.tries = 1;
    attempt.reason = "ok";
    if (!answer) {
        attempt.error = answer.error().message;
        attempt.reason = answer.error().kind == ErrorKind::timeout     ? "timeout"
                         : answer.error().kind == ErrorKind::malformed ? "malformed"
                         : answer.error().kind == ErrorKind::cancelled ? "cancelled"
                                                                       : "error";
    }
    exchange.upstream_wait += attempt.latency;
    exchange.attempts.push_back(std::move(attempt));
    co_return answer;
}

}  // namespace tidegate::pipeline
