#include "pipeline/credentials.h"
#include "pipeline/deliver.h"
#include "pipeline/identify.h"
#include "pipeline/shadow_baseline.h"
#include "pipeline/stages/shadow.h"

#include <tidegate/base/text.h>
#include <tidegate/dialect/error.h>
#include <tidegate/http/header_lines.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/api.h>
#include <tidegate/pipeline/exchange.h>

#include <array>
#include <optional>

#include <fmt/format.h>

namespace tidegate::pipeline {
namespace {

using dialect::Format;
using dialect::Operation;
using http::Method;

// SDKs send every 5xx again by themselves, unless they are told that it cannot help.
constexpr std::string_view kNoRetry = "x-should-retry: false\r\n";
constexpr std::string_view kJson = "content-type: application/json\r\n";

struct Route {
    std::string_view path;
    Format format;
    Operation operation;
};

constexpr std::array kRoutes{
    Route{"/v1/chat/completions", Format::openai, Operation::chat},
    Route{"/v1/embeddings", Format::openai, Operation::embeddings},
    Route{"/v1/messages", Format::anthropic, Operation::chat},
};

// Known paths of the SDKs that are not served yet: a clear answer instead of a bare 404.
constexpr std::array<std::string_view, 6> kLater{"/v1/responses",  "/v1/messages/count_tokens",
                                                 "/v1beta/models", "/openai/deployments",
                                                 "/v1/feedback",   "/ofrep/v1/evaluate/flags"};

constexpr std::string_view kModels = "/v1/models";
constexpr std::string_view kShadow = "/v1/shadow";

// The dialect in which to answer what is no call: by the path, else by the header that only Anthropic's clients
// send.
Format format_of(const http::Request& request) {
    if (request.path.starts_with("/v1/messages"))
        return Format::anthropic;
    if (request.path.starts_with("/v1/chat/") || request.path == "/v1/embeddings")
        return Format::openai;
    return request.header("anthropic-version") ? Format::anthropic : Format::openai;
}

// Of a call, whatever its method; nothing if the path is none.
std::optional<Route> route_of_call(const http::Request& request) {
    for (const Route& route : kRoutes) {
        if (request.path == route.path)
            return route;
    }
    // In either dialect, which only a header tells.
    if (request.path == kShadow)
        return Route{kShadow, format_of(request), Operation::chat};
    return std::nullopt;
}

struct Problem {
    int status;
    std::string_view code;
    std::string message;
    std::string_view allow = {};  // of a wrong method: the right ones
    std::string header_lines = {};
};

Problem wrong_method(std::string_view allow) {
    return {405, "method_not_allowed", fmt::format("This route takes {}.", allow), allow};
}

Problem unknown_path(const http::Request& request) {
    if (request.path.starts_with("/v1/v1/")) {
        return {404, "not_found",
                "The path begins with /v1 twice: leave /v1 out of the SDK's base URL (Anthropic's SDK) or "
                "write it once (OpenAI's SDK)."};
    }
    for (const std::string_view later : kLater) {
        if (request.path.starts_with(later))
            return {501, "not_implemented", "This route is not served yet."};
    }
    return {404, "not_found", "There is no such route; see docs for those that exist."};
}

async::Task<void> answer_problem(const http::Request& request, http::ResponseWriter& writer, ThreadState& state,
                                 Problem problem) {
    state.services.metrics.rejected(problem.code).increment();
    std::string lines(kJson);
    http::append_header_line(lines, "x-tidegate-error", problem.code);
    if (!problem.allow.empty())
        http::append_header_line(lines, "allow", problem.allow);
    lines += problem.header_lines;
    if (problem.status == 501)
        lines += kNoRetry;
    const std::string body =
        dialect::write_error(format_of(request), problem.status, problem.code, problem.message, "");
    co_await writer.respond(problem.status, lines, body);
}

// Of what was refused before a feature was known: a metric, but no record (a flood of them must not fill the
// disk).
async::Task<void> deliver_refusal(Exchange& exchange) {
    exchange.thread.services.metrics.rejected(exchange.error_code()).increment();
    co_await deliver(exchange);
}

async::Task<void> answer_baseline(Exchange& exchange) {
    take_baseline(exchange);
    if (!exchange.error_code().empty())
        exchange.thread.services.metrics.rejected(exchange.error_code()).increment();
    co_await deliver(exchange);
    start_shadows(exchange);
}

}  // namespace

std::string to_json(const Readiness& readiness) {
    std::string json = readiness.ready ? R"({"ready":true,"reasons":[)" : R"({"ready":false,"reasons":[)";
    for (std::size_t i = 0; i < readiness.reasons.size(); ++i) {
        if (i > 0)
            json += ',';
        append_json_string(json, readiness.reasons[i]);
    }
    json += "]}\n";
    return json;
}

Api::Api(std::vector<ThreadState*> threads, std::function<Readiness()> readiness)
    : threads_(std::move(threads)), readiness_(std::move(readiness)), chain_(make_chain()) {}

bool Api::always_served(std::string_view path) const {
    return path == "/healthz" || path == "/readyz";
}

http::RefusalAnswer Api::refusal_answer(const http::Refusal& refusal) const {
    // Of the process, so any thread's will do.
    threads_.front()->services.metrics.rejected(refusal.code).increment();
    const Format format = refusal.request != nullptr ? format_of(*refusal.request) : Format::openai;
    std::string lines(kJson);
    if (refusal.status == 501 || refusal.status == 505)
        lines += kNoRetry;
    return {std::move(lines), dialect::write_error(format, refusal.status, refusal.code, refusal.message, "")};
}

async::Task<void> Api::handle(const http::Request& request, http::ResponseWriter& writer,
                              async::IoThread& thread) {
    ThreadState& state = *threads_[thread.index()];
    const std::optional<Route> route = route_of_call(request);
    if (route && request.method == Method::post)
        return call(request, writer, state, route->format, route->operation);
    return answer_other(request, writer, state);
}

async::Task<void> Api::answer_other(const http::Request& request, http::ResponseWriter& writer,
                                    ThreadState& state) {
    if (route_of_call(request)) {
        Problem problem = wrong_method("POST");
        co_await answer_problem(request, writer, state, std::move(problem));
        co_return;
    }
    if (always_served(request.path)) {
        co_await health(request, writer);
        co_return;
    }
    if (request.path == kModels || request.path.starts_with("/v1/models/")) {
        co_await models(request, writer, state);
        co_return;
    }
    Problem problem = unknown_path(request);
    co_await answer_problem(request, writer, state, std::move(problem));
}

async::Task<void> Api::call(const http::Request& request, http::ResponseWriter& writer, ThreadState& state,
                            Format format, Operation operation) {
    Exchange exchange(state, request, writer, format, operation);
    if (!authenticate(exchange)) {
        co_await deliver_refusal(exchange);
        co_return;
    }
    auto parser = state.worker.parsers.borrow();
    auto view = dialect::RequestView::read(format, operation, request.body, *parser);
    if (!view) {
        exchange.refuse(events::Outcome::client_error, 400, "invalid_request", view.error().message);
        co_await deliver_refusal(exchange);
        co_return;
    }
    exchange.view = *view;
    if (!identify(exchange)) {
        co_await deliver_refusal(exchange);
        co_return;
    }
    if (request.path == kShadow) {
        co_await answer_baseline(exchange);
    } else {
        co_await chain_.run(exchange);
    }
}

async::Task<void> Api::models(const http::Request& request, http::ResponseWriter& writer, ThreadState& state) {
    if (request.method != Method::get && request.method != Method::head) {
        Problem problem = wrong_method("GET, HEAD");
        co_await answer_problem(request, writer, state, std::move(problem));
        co_return;
    }
    const std::shared_ptr<const FeatureTable> table = state.table;
    Caller caller = find_caller(request, *table);
    if (caller.refused) {
        Problem problem{.status = caller.refused->status,
                        .code = caller.refused->code,
                        .message = std::move(caller.refused->message),
                        .header_lines = std::move(caller.refused->header_lines)};
        co_await answer_problem(request, writer, state, std::move(problem));
        co_return;
    }
    const Format format = format_of(request);
    std::string body;
    if (request.path == kModels) {
        const std::vector<std::string> names = visible_names(caller.key, *table);
        body = dialect::write_models(format, names);
    } else {
        const std::string_view name = request.path.substr(kModels.size() + 1);
        if (!is_visible(caller.key, *table, name)) {
            Problem problem{404, "unknown_feature", "There is no feature or model of that name."};
            co_await answer_problem(request, writer, state, std::move(problem));
            co_return;
        }
        body = dialect::write_model(format, name);
    }
    co_await writer.respond(200, kJson, body);
}

async::Task<void> Api::health(const http::Request& request, http::ResponseWriter& writer) {
    constexpr std::string_view lines = "content-type: application/json\r\ncache-control: no-store\r\n";
    if (request.path == "/healthz") {
        constexpr std::string_view alive = "{\"alive\":true}\n";
        co_await writer.respond(200, lines, alive);
        co_return;
    }
    const Readiness readiness = readiness_();
    const std::string body = to_json(readiness);
    const int status = readiness.ready ? 200 : 503;
    co_await writer.respond(status, lines, body);
}

}  // namespace tidegate::pipeline
