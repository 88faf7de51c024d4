// A provider's stream on its way to the sink.
#include "calls/drain.h"
#include "calls/guard_attempt.h"
#include "calls/guarded_stream.h"
#include "calls/read_answer.h"

#include <tidegate/dialect/stream_relay.h>
#include <tidegate/upstream/endpoint.h>
#include <tidegate/upstream/response.h>

#include <memory>
#include <optional>

#include <fmt/format.h>

namespace tidegate::calls {
namespace {

constexpr std::size_t kJoinedWrite = 16 << 10;
constexpr std::size_t kLargestHeld = 4 << 20;  // before the first content

dialect::StreamRelay make_relay(const AttemptState& state) {
    dialect::StreamRelay::Options options;
    options.client_wants_usage = state.attempt.request.wants_usage();
    options.call_id = state.attempt.call_id;
    options.model = state.model.id;
    options.created = identity_of(state).created;
    options.reads_logprobs = state.attempt.least_mean_logprob.has_value();
    options.strips_logprobs = options.reads_logprobs && !state.attempt.request.wants_logprobs();
    return {state.provider.format, state.attempt.request.format(), std::move(options)};
}

class StreamRun {
  public:
    StreamRun(AttemptState& state, std::unique_ptr<upstream::Response> response, Spent& spent)
        : state_(state),
          result_(state.result),
          response_(std::move(response)),
          spent_(spent),
          relay_(make_relay(state)) {
        const GuardrailList& guardrails = state.attempt.variant.guardrails;
        if (guards(guardrails, guardrails::Direction::output))
            guarded_ = std::make_unique<GuardedStream>(guardrails, state.attempt.request.format());
    }

    async::Task<void> run() {
        response_->set_deadline(state_.content_deadline());
        co_await relay_events();
        const dialect::StreamFacts& facts = relay_.facts();
        take_facts(state_, facts.usage, facts.model, facts.finish, spent_);
        result_.record.mean_logprob = facts.mean_logprob;
        if (guarded_)
            take_verdict(state_, GuardVerdict::ok, {}, guarded_->take_trips());
        // Whatever broke it off, what did come stands before the error event.
        if (result_.released && result_.reason != Reason::ok && has_events())
            co_await state_.sink.write(events());
        if (facts.complete)
            drain(state_.worker.io, std::move(response_));
    }

  private:
    async::Task<void> relay_events() {
        for (;;) {
            const auto piece = co_await response_->read();
            if (!piece) {
                state_.failed(piece.error());
                co_return;
            }
            if (!take(*piece))
                co_return;
            if (relay_.facts().error || relay_.facts().complete) {
                co_await end();
                co_return;
            }
            note_content();
            if (!result_.released && holds_too_much())
                co_return;
            if (!has_events())
                events_.reset();
            if (!result_.released || !has_events())
                continue;
            // Pieces that came together may leave together.
            if (response_->readable() && events().size() < kJoinedWrite)
                continue;
            const auto written = co_await state_.sink.write(events());
            events_.reset();
            if (!written) {
                state_.fail(Reason::cancelled, "the client left");
                co_return;
            }
        }
    }

    bool take(std::string_view piece) {
        spent_.answer_bytes += piece.size();
        result_.content.append(piece);
        std::optional<LendingPool<std::string>::Loan> unchecked;  // what the guardrails have yet to see
        std::string& relayed = guarded_ ? borrow(unchecked) : events();
        const auto fed = piece.empty() ? relay_.end_of_body(relayed) : relay_.feed(piece, relayed);
        if (!fed) {
            state_.malformed(fed.error());
            return false;
        }
        // What a provider's error event stands behind is not let go any more.
        if (!guarded_ || relay_.facts().error)
            return true;
        const GuardVerdict verdict = guarded_->feed(relayed, events());
        return verdict == GuardVerdict::ok || accept(verdict);
    }

    // Whether the guardrails let the stream go on.
    bool accept(GuardVerdict verdict) {
        return take_verdict(state_, verdict, guarded_->message(), guarded_->take_trips());
    }

    void note_content() {
        if (relay_.facts().content && !state_.content_came) {
            state_.content_came = true;
            response_->set_deadline(state_.deadline);
        }
        const bool content = guarded_ ? guarded_->content() : relay_.facts().content;
        if (content && !result_.released)
            release();
    }

    bool holds_too_much() {
        if (!has_events() || events().size() <= kLargestHeld)
            return false;
        state_.malformed(Error{ErrorKind::too_large, ErrorSource::upstream,
                               fmt::format("no content in the first {} bytes of the stream", kLargestHeld)});
        return true;
    }

    // The provider's stream has come to its end, good or bad.
    async::Task<void> end() {
        const dialect::StreamFacts& facts = relay_.facts();
        if (facts.error) {
            broken_off(*facts.error);
            co_return;
        }
        state_.health = Health::good;
        if (guarded_) {
            const GuardContext context = guard_context(state_);
            const GuardVerdict verdict = co_await guarded_->end(context, events());
            if (!accept(verdict))
                co_return;
        }
        completed(facts);
    }

    void release() {
        mark_first_token();
        result_.released = true;
        state_.sink.begin(result_.header_lines);
    }

    void mark_first_token() {
        if (!result_.record.first_token)
            result_.record.first_token = state_.now() - state_.started;
    }

    void completed(const dialect::StreamFacts& facts) {
        mark_first_token();
        result_.status = 200;
        result_.body = std::move(events());
        result_.reason = facts.refusal && !result_.released ? Reason::refusal : Reason::ok;
        if (result_.reason == Reason::refusal)
            result_.message = fmt::format("{} refused", state_.model.name);
    }

    // An error event within a stream: a fallback if nothing was released, else the client gets it as its end.
    void broken_off(const dialect::ProviderError& error) {
        state_.health = Health::bad;
        std::string message = error.message;
        state_.provider.endpoint->redact(message);
        state_.provider.endpoint->redact(events());
        const bool overloaded = error.type == "overloaded_error";
        const bool limited = error.type.starts_with("rate_limit");
        state_.fail(limited      ? Reason::rate_limit
                    : overloaded ? Reason::overloaded
                                 : Reason::error,
                    fmt::format("{} broke its stream off: {}", state_.provider.name, message));
        // Behind what a guardrail let go, the chain's end writes an error event of its own.
        if (result_.released && !guarded_)
            result_.body = std::move(events());
    }

    std::string& borrow(std::optional<LendingPool<std::string>::Loan>& loan) {
        if (!loan) {
            loan.emplace(state_.worker.buffers.borrow());
            (*loan)->clear();
        }
        return **loan;
    }
    std::string& events() { return borrow(events_); }
    bool has_events() { return events_ && !(*events_)->empty(); }

    AttemptState& state_;
    AttemptResult& result_;
    std::unique_ptr<upstream::Response> response_;
    Spent& spent_;
    dialect::StreamRelay relay_;
    std::optional<LendingPool<std::string>::Loan> events_;  // what may go; borrowed while there is any
    std::unique_ptr<GuardedStream> guarded_;                // null without guardrails on the output
};

async::Task<void> not_a_stream(AttemptState& state, upstream::Response& response, Spent& spent) {
    std::string body;
    const auto read = co_await response.read_all(body, kLargestErrorBody);
    spent.answer_bytes = body.size();
    state.result.content.append(body);
    state.result.content.stream = false;
    if (!read) {
        state.failed(read.error());
        co_return;
    }
    state.health = Health::bad;
    state.fail(Reason::malformed, fmt::format("{} answered a stream with something else", state.provider.name));
}

}  // namespace

async::Task<void> relay_stream(AttemptState& state, std::unique_ptr<upstream::Response> response,
                               Spent& spent) {
    spent.answering = true;
    if (!response->header("content-type").starts_with("text/event-stream")) {
        co_await not_a_stream(state, *response, spent);
        co_return;
    }
    StreamRun run(state, std::move(response), spent);
    co_await run.run();
}

}  // namespace tidegate::calls
