#include "calls/call_provider.h"

#include "calls/pause.h"
#include "calls/provider_answer.h"
#include "calls/read_answer.h"
#include "calls/settle.h"

#include <tidegate/metrics/metrics.h>
#include <tidegate/upstream/circuit_breaker.h>
#include <tidegate/upstream/client.h>
#include <tidegate/upstream/limits.h>

#include <fmt/format.h>

namespace tidegate::calls {
namespace {

// What a try has left behind must not be taken for the next one's.
void forget_last_try(AttemptState& state) {
    state.try_again = false;
    state.health = Health::unknown;
    state.content_came = false;
    AttemptResult& result = state.result;
    result.message.clear();
    result.retry_after.reset();
    result.status = 0;
    result.header_lines.clear();
    result.body.clear();
    result.record.status = 0;
    result.content.clear();
    result.content.stream = state.attempt.request.stream();
}

async::Task<void> one_try(AttemptState& state, const Hold& hold, bool fresh) {
    const std::string headers = request_headers(state.attempt, state.provider.format);
    upstream::Request request;
    request.endpoint = state.provider.endpoint;
    request.path = request_path(state.provider.format, state.attempt.request.operation());
    request.headers = headers;
    request.body = *state.body;
    request.total_deadline = state.deadline;
    request.first_byte_deadline = state.content_deadline();
    request.idle = state.provider.idle;
    request.fresh_connection = fresh;
    Spent spent;

    auto outcome = co_await state.worker.upstream.send(request, state.attempt.cancellation);
    if (!outcome) {
        const upstream::Failure& failure = outcome.error();
        spent.sent_whole = failure.sent_whole;
        state.failed(failure.error);
        // A pooled connection may have been dead already; one that only kept silent was not.
        state.try_again = failure.reused && !failure.any_bytes && failure.error.kind == ErrorKind::unavailable;
    } else {
        spent.sent_whole = true;
        std::unique_ptr<upstream::Response> response = std::move(*outcome);
        co_await read_answer(state, std::move(response), spent);
    }
    settle(state.model, hold, spent, state.result.record);
}

// At most two.
async::Task<void> tries(AttemptState& state, Hold& hold) {
    for (bool second = false;; second = true) {
        ++state.result.record.tries;
        forget_last_try(state);
        const NanoDollars before = state.result.record.cost;
        co_await one_try(state, hold, second);
        const AttemptRequest& attempt = state.attempt;
        if (second || !state.try_again || !attempt.second_try || attempt.cancellation.cancelled())
            co_return;
        const Duration wait = state.result.retry_after.value_or(Duration::zero());
        if (state.now() + wait >= state.deadline || !state.provider.retry_budget->try_take(state.now()))
            co_return;
        // A try that may have cost something keeps what was set aside for it.
        if (state.result.record.cost > before && !hold_again(state, hold))
            co_return;
        if (wait > Duration::zero())
            co_await pause(state.worker.io, wait, attempt.cancellation);
    }
}

void report(AttemptState& state, upstream::CircuitBreaker::Admission& admission) {
    const SteadyTime now = state.now();
    if (state.health == Health::good)
        admission.success(now);
    if (state.health == Health::bad)
        admission.failure(now, state.result.retry_after.value_or(Duration::zero()));
    if (state.model.series == nullptr)
        return;
    state.model.series->attempts(to_string(state.result.reason)).increment();
    state.model.series->duration.observe(now - state.started);
}

}  // namespace

async::Task<void> call_provider(AttemptState& state, Hold& hold) {
    const Model& model = state.model;
    const SteadyTime now = state.now();
    // Earlier entries have used up the time: that says nothing of this provider.
    if (now >= state.deadline) {
        state.fail(Reason::timeout, fmt::format("no time was left for {}", model.name));
        co_return;
    }
    auto admission = model.breaker->admit(now);
    if (!admission) {
        state.result.retry_after = model.breaker->wait(now);
        state.fail(Reason::circuit_open,
                   fmt::format("{} was not called: it has failed too often just now", model.name));
        co_return;
    }
    const Provider& provider = state.provider;
    const auto permit = provider.concurrency->try_acquire(provider.endpoint->concurrent());
    if (!permit) {
        state.fail(Reason::overloaded,
                   fmt::format("the provider {} has its limit of concurrent requests", provider.name));
        co_return;
    }
    provider.retry_budget->request(now);
    if (model.series != nullptr)
        model.series->inflight.add(1);
    co_await tries(state, hold);
    if (model.series != nullptr)
        model.series->inflight.add(-1);
    report(state, admission);
}

}  // namespace tidegate::calls
