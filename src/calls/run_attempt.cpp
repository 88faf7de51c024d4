// The attempt chain, in its order: prompt ▸ request ▸ admission ▸ provider ▸ settlement. Guardrails stand
// behind the prompt and before the sink, the budget's reservation before the provider.
#include "calls/drain.h"
#include "calls/pause.h"
#include "calls/provider_answer.h"
#include "calls/settle.h"

#include <tidegate/base/log.h>
#include <tidegate/calls/attempt.h>
#include <tidegate/dialect/answer.h>
#include <tidegate/dialect/error.h>
#include <tidegate/dialect/stream_relay.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/prompts/registry.h>
#include <tidegate/upstream/circuit_breaker.h>
#include <tidegate/upstream/client.h>
#include <tidegate/upstream/limits.h>

#include <algorithm>
#include <memory>

#include <fmt/format.h>

namespace tidegate::calls {
namespace {

constexpr std::size_t kLargestAnswer = 64 << 20;
constexpr std::size_t kLargestErrorBody = 1 << 20;
constexpr std::size_t kJoinedWrite = 16 << 10;
constexpr Duration kLongestSecondTryWait = std::chrono::seconds{1};

class AttemptRun {
  public:
    AttemptRun(Worker& worker, const AttemptRequest& attempt, EventSink& sink, std::size_t content_limit)
        : worker_(worker),
          attempt_(attempt),
          sink_(sink),
          model_(*attempt.variant.model),
          provider_(*attempt.variant.model->provider),
          started_(worker.io.clock().steady()),
          deadline_(std::min(attempt.deadline, started_ + provider_.total)),
          body_(worker.buffers.borrow()) {
        result_.content = events::Content(content_limit);
        result_.content.format = dialect::to_string(provider_.format);
        result_.content.stream = attempt.request.stream();
        events::Attempt& record = result_.record;
        record.number = attempt.number;
        record.entry = attempt.variant.name;
        record.provider = provider_.name;
        record.model = model_.name;
        record.model_id = model_.id;
        record.prompt = attempt.variant.prompt_name;
        record.started = started_ - attempt.call_started;
        body_->clear();
    }

    async::Task<AttemptResult> run() {
        if (render_prompt() && write_request())
            co_await call_provider();
        const SteadyTime now = worker_.io.clock().steady();
        result_.record.latency = now - started_;
        result_.record.reason = to_string(result_.reason);
        result_.record.error = result_.message;
        co_return std::move(result_);
    }

  private:
    bool same_dialect() const { return provider_.format == attempt_.request.format(); }
    SteadyTime now() const { return worker_.io.clock().steady(); }

    bool fail(Reason reason, std::string message) {
        result_.reason = reason;
        result_.message = std::move(message);
        return false;
    }

    bool render_prompt() {
        if (!attempt_.variant.prompt)
            return true;
        auto messages = prompts::render(*attempt_.variant.prompt, attempt_.variables);
        if (!messages)
            return fail(Reason::prompt_variable_missing, messages.error().message);
        for (auto& message : *messages) prompt_.push_back({message.role, std::move(message.text)});
        return true;
    }

    // Of limits the smallest counts: the client's, the variant's, the model's.
    std::int64_t output_limit() const {
        std::int64_t limit = model_.max_output;
        if (attempt_.variant.max_output_tokens)
            limit = std::min(limit, *attempt_.variant.max_output_tokens);
        if (const auto wanted = attempt_.request.max_output_tokens())
            limit = std::min(limit, *wanted);
        return limit;
    }

    bool write_request() {
        dialect::RequestEdits edits;
        edits.model = model_.id;
        edits.prompt = prompt_;
        if (attempt_.request.operation() == dialect::Operation::chat)
            edits.max_output_tokens = output_limit();
        edits.temperature = attempt_.variant.temperature;
        edits.top_p = attempt_.variant.top_p;
        edits.seed = attempt_.variant.seed;
        if (!attempt_.variant.stop.empty())
            edits.stop = std::span<const std::string>(attempt_.variant.stop);
        edits.reasoning_effort = attempt_.variant.reasoning_effort;
        edits.quirks = model_.quirks;
        edits.drop_reasoning = attempt_.provider_changed;
        auto written = dialect::write_request(attempt_.request, provider_.format, edits, *body_);
        if (!written)
            return fail(Reason::invalid_request, written.error().message);
        result_.record.dropped = std::move(*written);
        return true;
    }

    async::Task<void> call_provider() {
        // Earlier entries have used up the time: that says nothing of this provider.
        if (now() >= deadline_) {
            fail(Reason::timeout, fmt::format("no time was left for {}", model_.name));
            co_return;
        }
        auto admission = model_.breaker->admit(now());
        if (!admission) {
            result_.retry_after = model_.breaker->wait(now());
            fail(Reason::circuit_open,
                 fmt::format("{} was not called: it has failed too often just now", model_.name));
            co_return;
        }
        const auto permit = provider_.concurrency->try_acquire(provider_.endpoint->concurrent());
        if (!permit) {
            fail(Reason::overloaded,
                 fmt::format("the provider {} has its limit of concurrent requests", provider_.name));
            co_return;
        }
        provider_.retry_budget->request(now());
        model_.series->inflight.add(1);
        co_await tries();
        model_.series->inflight.add(-1);
        report(admission);
    }

    // At most two.
    async::Task<void> tries() {
        for (bool second = false;; second = true) {
            ++result_.record.tries;
            forget_last_try();
            co_await one_try(second);
            if (second || !try_again_ || !attempt_.second_try || attempt_.cancellation.cancelled())
                co_return;
            const Duration wait = result_.retry_after.value_or(Duration::zero());
            if (now() + wait >= deadline_ || !provider_.retry_budget->try_take(now()))
                co_return;
            if (wait > Duration::zero())
                co_await pause(worker_.io, wait, attempt_.cancellation);
        }
    }

    // What a try has left behind must not be taken for the next one's.
    void forget_last_try() {
        try_again_ = false;
        health_ = Health::unknown;
        result_.message.clear();
        result_.retry_after.reset();
        result_.status = 0;
        result_.header_lines.clear();
        result_.body.clear();
        result_.record.status = 0;
        result_.content.clear();
        result_.content.stream = attempt_.request.stream();
    }

    async::Task<void> one_try(bool fresh) {
        const std::string headers = request_headers(attempt_, provider_.format);
        upstream::Request request;
        request.endpoint = provider_.endpoint;
        request.path = request_path(provider_.format, attempt_.request.operation());
        request.headers = headers;
        request.body = *body_;
        request.total_deadline = deadline_;
        request.first_byte_deadline = content_deadline();
        request.idle = provider_.idle;
        request.fresh_connection = fresh;
        Spent spent;
        spent.body_bytes = body_->size();

        auto outcome = co_await worker_.upstream.send(request, attempt_.cancellation);
        if (!outcome) {
            const upstream::Failure& failure = outcome.error();
            spent.sent_whole = failure.sent_whole;
            failed(failure.error);
            // A pooled connection may have been dead already; one that only kept silent was not.
            try_again_ = failure.reused && !failure.any_bytes && failure.error.kind == ErrorKind::unavailable;
        } else {
            spent.sent_whole = true;
            std::unique_ptr<upstream::Response> response = std::move(*outcome);
            co_await read_answer(std::move(response), spent);
        }
        settle(attempt_, output_limit(), spent, result_.record);
    }

    // Until the first content of a stream a nearer deadline holds.
    SteadyTime content_deadline() const {
        if (!attempt_.request.stream() || result_.released)
            return deadline_;
        const Duration first =
            std::min(attempt_.first_token.value_or(provider_.first_token), provider_.first_token);
        return std::min(deadline_, started_ + first);
    }

    async::Task<void> read_answer(std::unique_ptr<upstream::Response> response, Spent& spent) {
        const int status = response->status();
        result_.record.status = status;
        const std::string_view request_id = response->header("x-request-id");
        result_.record.provider_request_id = request_id.empty() ? response->header("request-id") : request_id;
        result_.header_lines = headers_to_pass(*response, same_dialect());
        if (status < 200 || status > 299) {
            co_await read_error(*response, spent);
        } else if (attempt_.request.stream()) {
            co_await relay_stream(std::move(response), spent);
        } else {
            co_await read_whole(*response, spent);
        }
    }

    async::Task<void> read_error(upstream::Response& response, Spent& spent) {
        std::string body;
        const auto read = co_await response.read_all(body, kLargestErrorBody);
        if (!read) {
            failed(read.error());
            co_return;
        }
        spent.error_answer = true;
        result_.content.append(body);
        result_.content.stream = false;
        const int status = response.status();
        const dialect::ProviderError error = dialect::read_error(provider_.format, status, body);
        result_.retry_after = retry_after(response, worker_.io.clock().wall());
        Reason reason = reason_of_status(status);
        if (reason == Reason::rejected && error.is_refusal)
            reason = Reason::refusal;
        fail(reason, fmt::format("{} answered {}: {}", provider_.name, status, error.message));
        if (counts_for_breaker(status))
            health_ = Health::bad;
        try_again_ = may_try_again(status) && attempt_.last && result_.retry_after &&
                     *result_.retry_after <= kLongestSecondTryWait;
        if (reason == Reason::rejected || reason == Reason::refusal) {
            result_.status = status;
            result_.body = same_dialect()
                               ? std::move(body)
                               : dialect::write_error(attempt_.request.format(), status, "upstream_rejected",
                                                      error.message, attempt_.call_id);
        }
        if (status == 401 || status == 403 || status == 404) {
            log::error("calls", "provider {} refuses model {} with {}: check its key and id", provider_.name,
                       model_.name, status);
        }
    }

    async::Task<void> read_whole(upstream::Response& response, Spent& spent) {
        spent.answering = true;
        std::string body;
        const auto read = co_await response.read_all(body, kLargestAnswer);
        spent.answer_bytes = body.size();
        result_.content.append(body);
        if (!read) {
            failed(read.error());
            co_return;
        }
        auto parser = worker_.parsers.borrow();
        const auto facts = dialect::read_answer(provider_.format, attempt_.request.operation(), body, *parser);
        if (!facts) {
            malformed(facts.error());
            co_return;
        }
        take_facts(facts->usage, facts->model, facts->finish, spent);
        if (!same_dialect()) {
            const dialect::AnswerIdentity identity = identity_of();
            std::string translated;
            const auto written = dialect::write_answer(provider_.format, attempt_.request.format(), body,
                                                       *parser, identity, translated);
            if (!written) {
                malformed(written.error());
                co_return;
            }
            body = std::move(translated);
        }
        health_ = Health::good;
        result_.reason = facts->refusal ? Reason::refusal : Reason::ok;
        if (facts->refusal)
            result_.message = fmt::format("{} refused", model_.name);
        result_.status = 200;
        result_.body = std::move(body);
    }

    dialect::AnswerIdentity identity_of() const {
        const auto seconds =
            std::chrono::floor<std::chrono::seconds>(worker_.io.clock().wall()).time_since_epoch().count();
        return {attempt_.call_id, {}, seconds};
    }

    async::Task<void> relay_stream(std::unique_ptr<upstream::Response> response, Spent& spent) {
        spent.answering = true;
        if (!response->header("content-type").starts_with("text/event-stream")) {
            co_await not_a_stream(*response, spent);
            co_return;
        }
        dialect::StreamRelay::Options options;
        options.client_wants_usage = attempt_.request.wants_usage();
        options.call_id = attempt_.call_id;
        options.model = model_.id;
        options.created = identity_of().created;
        dialect::StreamRelay relay(provider_.format, attempt_.request.format(), std::move(options));
        response->set_deadline(content_deadline());
        auto events = worker_.buffers.borrow();
        events->clear();
        co_await relay_events(*response, relay, *events, spent);
        const dialect::StreamFacts& facts = relay.facts();
        take_facts(facts.usage, facts.model, facts.finish, spent);
        // Whatever broke it off, what did come stands before the error event.
        if (result_.released && !facts.complete && !events->empty())
            co_await sink_.write(*events);
        if (facts.complete)
            drain(worker_.io, std::move(response));
    }

    async::Task<void> relay_events(upstream::Response& response, dialect::StreamRelay& relay,
                                   std::string& events, Spent& spent) {
        for (;;) {
            const auto piece = co_await response.read();
            if (!piece) {
                failed(piece.error());
                co_return;
            }
            spent.answer_bytes += piece->size();
            result_.content.append(*piece);
            const auto fed = piece->empty() ? relay.end_of_body(events) : relay.feed(*piece, events);
            if (!fed) {
                malformed(fed.error());
                co_return;
            }
            const dialect::StreamFacts& facts = relay.facts();
            if (facts.error) {
                broken_off(*facts.error, events);
                co_return;
            }
            if (facts.complete) {
                end_of_stream(facts, events);
                co_return;
            }
            if (facts.content && !result_.released)
                release(response);
            if (!result_.released || events.empty())
                continue;
            // Pieces that came together may leave together.
            if (response.readable() && events.size() < kJoinedWrite)
                continue;
            const auto written = co_await sink_.write(events);
            events.clear();
            if (!written) {
                fail(Reason::cancelled, "the client left");
                co_return;
            }
        }
    }

    void release(upstream::Response& response) {
        mark_first_token();
        result_.released = true;
        response.set_deadline(deadline_);
        sink_.begin(result_.header_lines);
    }

    void mark_first_token() {
        if (!result_.record.first_token)
            result_.record.first_token = now() - started_;
    }

    void end_of_stream(const dialect::StreamFacts& facts, std::string& events) {
        health_ = Health::good;
        mark_first_token();
        result_.status = 200;
        result_.body = std::move(events);
        result_.reason = facts.refusal && !result_.released ? Reason::refusal : Reason::ok;
        if (result_.reason == Reason::refusal)
            result_.message = fmt::format("{} refused", model_.name);
    }

    // An error event within a stream: a fallback if nothing was released, else the client gets it as its end.
    void broken_off(const dialect::ProviderError& error, std::string& events) {
        health_ = Health::bad;
        const bool overloaded = error.type == "overloaded_error";
        const bool limited = error.type.starts_with("rate_limit");
        fail(limited      ? Reason::rate_limit
             : overloaded ? Reason::overloaded
                          : Reason::error,
             fmt::format("{} broke its stream off: {}", provider_.name, error.message));
        if (result_.released)
            result_.body = std::move(events);
    }

    async::Task<void> not_a_stream(upstream::Response& response, Spent& spent) {
        std::string body;
        const auto read = co_await response.read_all(body, kLargestErrorBody);
        spent.answer_bytes = body.size();
        result_.content.append(body);
        result_.content.stream = false;
        if (!read) {
            failed(read.error());
            co_return;
        }
        health_ = Health::bad;
        fail(Reason::malformed, fmt::format("{} answered a stream with something else", provider_.name));
    }

    void take_facts(const dialect::Usage& usage, const std::string& model, dialect::Finish finish,
                    Spent& spent) {
        spent.usage = usage;
        result_.answered_model = model;
        if (finish != dialect::Finish::none)
            result_.finish = dialect::to_string(finish);
    }

    void malformed(const Error& error) {
        health_ = Health::bad;
        fail(Reason::malformed, fmt::format("{}: {}", provider_.name, error.message));
    }

    void failed(const Error& error) {
        switch (error.kind) {
            case ErrorKind::cancelled:
                fail(Reason::cancelled, "the client left");
                return;
            case ErrorKind::timeout: {
                // Connecting and idling have limits of their own, which say nothing of the first content.
                const bool content_is_late = now() >= content_deadline() && content_deadline() < deadline_;
                fail(content_is_late ? Reason::first_token_timeout : Reason::timeout, error.message);
                break;
            }
            case ErrorKind::malformed:
            case ErrorKind::too_large:
                fail(Reason::malformed, error.message);
                break;
            default:
                fail(Reason::error, error.message);
        }
        health_ = Health::bad;
    }

    void report(upstream::CircuitBreaker::Admission& admission) {
        if (health_ == Health::good)
            admission.success(now());
        if (health_ == Health::bad)
            admission.failure(now(), result_.retry_after.value_or(Duration::zero()));
        model_.series->attempts(to_string(result_.reason)).increment();
        model_.series->duration.observe(now() - started_);
    }

    enum class Health { unknown, good, bad };

    Worker& worker_;
    const AttemptRequest& attempt_;
    EventSink& sink_;
    const Model& model_;
    const Provider& provider_;
    const SteadyTime started_;
    const SteadyTime deadline_;
    LendingPool<std::string>::Loan body_;
    std::vector<dialect::PromptMessage> prompt_;
    AttemptResult result_;
    bool try_again_ = false;
    Health health_ = Health::unknown;  // of the provider, as this try has shown it
};

}  // namespace

async::Task<AttemptResult> run_attempt(Worker& worker, const AttemptRequest& attempt, EventSink& sink,
                                       std::size_t content_limit) {
    AttemptRun run(worker, attempt, sink, content_limit);
    auto result = co_await run.run();
    co_return result;
}

}  // namespace tidegate::calls
