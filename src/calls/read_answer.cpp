#include "calls/read_answer.h"

#include "calls/guard_attempt.h"
#include "calls/provider_answer.h"

#include <tidegate/base/log.h>
#include <tidegate/upstream/endpoint.h>
#include <tidegate/upstream/response.h>

#include <fmt/format.h>

namespace tidegate::calls {
namespace {

constexpr std::size_t kLargestAnswer = 64 << 20;
constexpr Duration kLongestSecondTryWait = std::chrono::seconds{1};

async::Task<void> read_error(AttemptState& state, std::unique_ptr<upstream::Response> response, Spent& spent) {
    std::string body;
    const auto read = co_await response->read_all(body, kLargestErrorBody);
    if (!read) {
        state.failed(read.error());
        co_return;
    }
    spent.error_answer = true;
    AttemptResult& result = state.result;
    state.provider.endpoint->redact(body);
    result.content.append(body);
    result.content.stream = false;
    const int status = response->status();
    const dialect::ProviderError error = dialect::read_error(state.provider.format, status, body);
    result.retry_after = retry_after(*response, state.worker.io.clock().wall());
    Reason reason = reason_of_status(status);
    if (reason == Reason::rejected && error.is_refusal)
        reason = Reason::refusal;
    state.fail(reason, fmt::format("{} answered {}: {}", state.provider.name, status, error.message));
    if (counts_for_breaker(status))
        state.health = Health::bad;
    state.try_again = may_try_again(status) && state.attempt.last && result.retry_after &&
                      *result.retry_after <= kLongestSecondTryWait;
    if (reason == Reason::rejected || reason == Reason::refusal) {
        result.status = status;
        result.body = state.same_dialect()
                          ? std::move(body)
                          : dialect::write_error(state.attempt.request.format(), status, "upstream_rejected",
                                                 error.message, state.attempt.call_id);
    }
    if (status >= 401 && status <= 404) {
        log::error("calls", "provider {} refuses model {} with {}: check its key, id and account",
                   state.provider.name, state.model.name, status);
    }
}

bool is_confident(AttemptState& state, std::optional<double> mean_logprob) {
    state.result.record.mean_logprob = mean_logprob;
    const std::optional<double> least = state.attempt.least_mean_logprob;
    if (!least || !mean_logprob || *mean_logprob >= *least)
        return true;
    return state.fail(Reason::low_confidence, fmt::format("{} was unsure: its mean log-probability is {:.3f}",
                                                          state.model.name, *mean_logprob));
}

void leave_out_logprobs(dialect::BodyParser& parser, std::string& body) {
    std::string without;
    if (dialect::strip_logprobs(body, parser, without))
        body = std::move(without);
}

async::Task<void> read_whole(AttemptState& state, std::unique_ptr<upstream::Response> response, Spent& spent) {
    spent.answering = true;
    std::string body;
    const auto read = co_await response->read_all(body, kLargestAnswer);
    spent.answer_bytes = body.size();
    AttemptResult& result = state.result;
    result.content.append(body);
    if (!read) {
        state.failed(read.error());
        co_return;
    }
    const dialect::Format from = state.provider.format;
    const dialect::Format to = state.attempt.request.format();
    auto parser = state.worker.parsers.borrow();
    const auto facts = dialect::read_answer(from, state.attempt.request.operation(), body, *parser);
    if (!facts) {
        state.malformed(facts.error());
        co_return;
    }
    take_facts(state, facts->usage, facts->model, facts->finish, spent);
    if (from != to) {
        const dialect::AnswerIdentity identity = identity_of(state);
        std::string translated;
        const auto written = dialect::write_answer(from, to, body, *parser, identity, translated);
        if (!written) {
            state.malformed(written.error());
            co_return;
        }
        body = std::move(translated);
    }
    state.health = Health::good;
    if (!is_confident(state, facts->mean_logprob))
        co_return;
    if (state.attempt.least_mean_logprob && !state.attempt.request.wants_logprobs())
        leave_out_logprobs(*parser, body);
    if (has_output_guards(state)) {
        const bool clean = co_await guard_whole_answer(state, body);
        if (!clean)
            co_return;
    }
    result.reason = facts->refusal ? Reason::refusal : Reason::ok;
    if (facts->refusal)
        result.message = fmt::format("{} refused", state.model.name);
    result.status = 200;
    result.body = std::move(body);
}

}  // namespace

void take_facts(AttemptState& state, const dialect::Usage& usage, const std::string& model,
                dialect::Finish finish, Spent& spent) {
    spent.usage = usage;
    state.result.answered_model = model;
    if (finish != dialect::Finish::none)
        state.result.finish = dialect::to_string(finish);
}

dialect::AnswerIdentity identity_of(const AttemptState& state) {
    const auto seconds =
        std::chrono::floor<std::chrono::seconds>(state.worker.io.clock().wall()).time_since_epoch().count();
    return {state.attempt.call_id, {}, seconds};
}

async::Task<void> read_answer(AttemptState& state, std::unique_ptr<upstream::Response> response, Spent& spent) {
    const int status = response->status();
    AttemptResult& result = state.result;
    result.record.status = status;
    const std::string_view request_id = response->header("x-request-id");
    result.record.provider_request_id = request_id.empty() ? response->header("request-id") : request_id;
    result.header_lines = headers_to_pass(*response, state.same_dialect());
    if (status < 200 || status > 299)
        return read_error(state, std::move(response), spent);
    if (state.attempt.request.stream())
        return relay_stream(state, std::move(response), spent);
    return read_whole(state, std::move(response), spent);
}

}  // namespace tidegate::calls
