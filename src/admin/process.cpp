// The routes about the process as a whole.
#include "admin/route.h"

#include <tidegate/admin/api.h>
#include <tidegate/base/log.h>
#include <tidegate/base/text.h>

namespace tidegate::admin {
namespace {

void append_list(std::string& out, const std::vector<std::string>& texts) {
    out += '[';
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (i > 0)
            out += ',';
        append_json_string(out, texts[i]);
    }
    out += ']';
}

// `"ready":true,"reasons":[]`
std::string members(const Readiness& readiness) {
    std::string out = readiness.ready ? "\"ready\":true,\"reasons\":" : "\"ready\":false,\"reasons\":";
    append_list(out, readiness.reasons);
    return out;
}

Answer refused(const ReloadOutcome& outcome) {
    Answer answer = error_answer(400, "invalid_request",
                                 "The configuration was refused; the one before it goes on serving.");
    answer.body.resize(answer.body.rfind('}'));
    answer.body += ",\"problems\":";
    append_list(answer.body, outcome.problems);
    answer.body += "}\n";
    return answer;
}

}  // namespace

async::Task<Answer> answer_health(Question&) {
    co_return json_answer(R"({"alive":true})");
}

async::Task<Answer> answer_readiness(Question& question) {
    const Readiness readiness = question.services.readiness();
    Answer answer = json_answer("{" + members(readiness) + "}");
    if (!readiness.ready)
        answer.status = 503;
    co_return answer;
}

async::Task<Answer> answer_metrics(Question& question) {
    Answer answer;
    answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
    answer.body = question.services.metrics_text();
    co_return answer;
}

async::Task<Answer> answer_status(Question& question) {
    const Readiness readiness = question.services.readiness();
    const std::string status = question.services.status_json();
    const bool has_members = status.find('"') != std::string::npos;
    co_return json_answer("{" + members(readiness) + (has_members ? "," : "") + status.substr(1));
}

async::Task<Answer> answer_config(Question& question) {
    co_return json_answer(question.services.config_json());
}

async::Task<Answer> answer_reload(Question& question) {
    if (!question.request.body.empty())
        co_return error_answer(400, "invalid_request", "A reload takes no body.");
    log::info("admin", "reload asked for by {}", question.caller.name);
    std::function<Result<ReloadOutcome>()> reload = [&services = question.services]() -> Result<ReloadOutcome> {
        return services.reload();
    };
    const Result<ReloadOutcome> outcome = co_await question.changes.ask(question.thread, std::move(reload));
    if (!outcome)
        co_return error_answer(outcome.error());
    if (!outcome->reloaded)
        co_return refused(*outcome);
    std::string body = "{\"reloaded\":true,\"config_hash\":" + json_string(outcome->config_hash);
    body += ",\"problems\":";
    append_list(body, outcome->problems);
    co_return json_answer(body + "}");
}

async::Task<Answer> answer_openapi(Question&) {
    co_return json_answer(openapi_json());
}

}  // namespace tidegate::admin
