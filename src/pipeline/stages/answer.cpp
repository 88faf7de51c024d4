#include "pipeline/stages/answer.h"

#include "pipeline/chain_end.h"
#include "pipeline/client_stream.h"
#include "pipeline/static_answer.h"

#include <tidegate/base/log.h>
#include <tidegate/calls/attempt.h>
#include <tidegate/http/header_lines.h>
#include <tidegate/http/request.h>
#include <tidegate/http/response_writer.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>
#include <tidegate/prompts/registry.h>
#include <tidegate/store/store.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace tidegate::pipeline {
namespace {

using calls::AttemptResult;
using calls::Reason;

// Lines of the client's that mean something to a provider of the same dialect.
std::string passed_headers(const http::Request& request) {
    std::string lines;
    for (const std::string_view name : {"anthropic-version", "anthropic-beta", "openai-beta"}) {
        if (const auto value = request.header(name))
            http::append_header_line(lines, name, *value);
    }
    return lines;
}

// An SDK that is retrying already must not have its tries multiplied by ours.
bool client_retries(const http::Request& request) {
    const auto count = request.header("x-stainless-retry-count");
    return count && *count != "0";
}

// Runs one exchange's chain.
class Answering {
  public:
    explicit Answering(Exchange& exchange)
        : exchange_(exchange),
          stream_(exchange),
          passed_headers_(passed_headers(exchange.request)),
          deadline_(exchange.received + exchange.feature->total),
          variables_([this](std::string_view name) { return variable(name); }) {}

    async::Task<void> run() {
        if (!state_is_reachable())
            co_return;
        const std::vector<ChainEntry>& chain = exchange_.feature->chains[exchange_.decision.index];
        std::optional<AttemptResult> last;
        for (std::size_t i = 0; i < chain.size(); ++i) {
            const ChainEntry& entry = chain[i];
            if (!entry.calls_out()) {
                if (!suits(exchange_, entry))
                    continue;
                fall_back_to(entry);
                answer_with(exchange_, entry);
                co_return;
            }
            const FeatureVariant& variant = exchange_.feature->variants[*entry.variant];
            if (i > 0 && exchange_.view.carries_provider_state() && provider_changed(variant))
                continue;
            last = co_await attempt(variant, i, chain);
            if (finished(*last))
                co_return;
        }
        // A refusal that nothing could replace is still the provider's answer.
        if (last->reason == Reason::refusal && !last->body.empty()) {
            if (last->status == 200) {
                answered(*last);
            } else {
                rejected(*last);
            }
            co_return;
        }
        refuse_after(exchange_, *last);
    }

  private:
    // What a provider keeps for its client (files, earlier responses) means nothing to one of another dialect.
    bool state_is_reachable() {
        if (!exchange_.view.carries_provider_state())
            return true;
        if (exchange_.variant->variant.model->provider->format == exchange_.format)
            return true;
        exchange_.refuse(events::Outcome::client_error, 409, "state_unavailable",
                         "The request refers to something that only the provider which made it has, and this "
                         "feature goes elsewhere.",
                         "x-should-retry: false\r\n");
        return false;
    }

    async::Task<AttemptResult> attempt(const FeatureVariant& variant, std::size_t index,
                                       const std::vector<ChainEntry>& chain) {
        const SteadyTime begun = exchange_.thread.io.clock().steady();
        const bool last = std::none_of(chain.begin() + static_cast<std::ptrdiff_t>(index) + 1, chain.end(),
                                       [](const ChainEntry& entry) { return entry.calls_out(); });
        const Duration share = exchange_.feature->attempt.value_or(exchange_.feature->total / 2);
        const std::string_view key = exchange_.request.header("idempotency-key").value_or("");
        const calls::AttemptRequest request{
            .variant = variant.variant,
            .request = exchange_.view,
            .variables = variables_,
            .call_id = exchange_.id_text,
            .number = static_cast<int>(exchange_.attempts.size()) + 1,
            .call_started = exchange_.received,
            .deadline = last ? deadline_ : std::min(deadline_, begun + share),
            .first_token = exchange_.feature->first_token,
            .last = last,
            .provider_changed = provider_changed(variant),
            .second_try = !client_retries(exchange_.request),
            .passed_headers = passed_headers_,
            .idempotency_key = key,
            .cancellation = exchange_.writer.cancellation(),
        };
        // The head of a stream names the variant that answers.
        exchange_.answered_by = &variant;
        note_fallback(variant.variant.name, index);
        auto result = co_await calls::run_attempt(exchange_.thread.worker, request, stream_,
                                                  exchange_.table->max_content);
        note_served(variant.variant);
        exchange_.upstream_wait += exchange_.thread.io.clock().steady() - begun;
        if (result.record.first_token)
            exchange_.first_token = result.record.started + *result.record.first_token;
        if (result.reason != Reason::ok)
            last_reason_ = to_string(result.reason);
        count(result.record, variant);
        exchange_.attempts.push_back(std::move(result.record));
        exchange_.answer_content = std::move(result.content);
        co_return result;
    }

    // From now on the version's file must not change.
    void note_served(const calls::Variant& variant) const {
        if (!variant.prompt || !variant.prompt->first_serve())
            return;
        exchange_.thread.services.store.record_served(
            variant.prompt_name, variant.prompt_hash, [](const Result<void>& recorded) {
                if (!recorded)
                    log::error("pipeline", "{}", recorded.error().message);
            });
    }

    bool provider_changed(const FeatureVariant& variant) const {
        return variant.variant.model->provider != exchange_.variant->variant.model->provider;
    }

    void note_fallback(const std::string& entry, std::size_t index) {
        if (index == 0)
            return;
        exchange_.fallback_entry = entry;
        exchange_.fallback_reason = last_reason_;
    }

    void count(const events::Attempt& attempt, const FeatureVariant& variant) const {
        // In the order of metrics::kTokenKinds.
        const dialect::Usage& usage = attempt.usage;
        const std::array<std::int64_t, 6> tokens{
            usage.input,  usage.cache_read, usage.cache_write + usage.cache_write_1h,
            usage.output, usage.reasoning,  usage.audio_input + usage.audio_output};
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            if (tokens[i] > 0)
                variant.series->tokens[i].increment(static_cast<std::uint64_t>(tokens[i]));
        }
        variant.series->cost.add(attempt.cost);
    }

    void count_fallback() const {
        exchange_.thread.services.metrics
            .fallback(exchange_.feature->name, exchange_.variant->variant.name, exchange_.fallback_entry,
                      exchange_.fallback_reason)
            .increment();
    }

    void fall_back_to(const ChainEntry& entry) {
        exchange_.answered_by = nullptr;
        exchange_.fallback_entry = entry.name;
        exchange_.fallback_reason = last_reason_;
        exchange_.settle(events::Outcome::fallback);
        count_fallback();
    }

    void answered(AttemptResult& result) {
        exchange_.answered_model = result.answered_model;
        exchange_.finish_reason = result.finish;
        const bool fallback = exchange_.answered_by != exchange_.variant;
        exchange_.settle(fallback ? events::Outcome::fallback : events::Outcome::ok);
        if (fallback)
            count_fallback();
        deliver_whole(result);
    }

    // The provider's own words about what is wrong with the request.
    void rejected(AttemptResult& result) {
        exchange_.settle(events::Outcome::client_error);
        exchange_.note_error("upstream_rejected", result.message);
        result.header_lines += "x-tidegate-error: upstream_rejected\r\n";
        deliver_whole(result);
    }

    // True if the chain ends with this result.
    bool finished(AttemptResult& result) {
        if (result.reason == Reason::ok) {
            answered(result);
            return true;
        }
        if (result.reason == Reason::cancelled) {
            cancelled(result);
            return true;
        }
        if (result.released) {
            break_off(exchange_, result);
            return true;
        }
        if (result.reason == Reason::rejected) {
            rejected(result);
            return true;
        }
        if (calls::allows_fallback(result.reason))
            return false;
        refuse_after(exchange_, result);
        return true;
    }

    void cancelled(const AttemptResult& result) {
        if (exchange_.writer.cancellation().reason() == async::CancelReason::shutdown) {
            exchange_.settle(events::Outcome::upstream_error);
            AttemptResult ended;
            ended.reason = Reason::error;
            ended.message = "the gateway is shutting down";
            if (result.released) {
                break_off(exchange_, ended);
            } else {
                exchange_.nobody_answered();
                exchange_.refuse(events::Outcome::upstream_error, 503, "overloaded",
                                 "The gateway is shutting down.", "retry-after: 1\r\n");
            }
            return;
        }
        exchange_.settle(events::Outcome::cancelled);
    }

    void deliver_whole(AttemptResult& result) {
        Outgoing answer;
        answer.status = result.status;
        answer.body = std::move(result.body);
        if (!result.released && exchange_.view.stream() && result.status == 200) {
            // A stream that ended before any content: its events are all there.
            answer.content_type = "text/event-stream; charset=utf-8";
            answer.header_lines = "cache-control: no-cache\r\nx-accel-buffering: no\r\n";
        }
        answer.header_lines += result.header_lines;
        if (!exchange_.view.stream()) {
            http::append_header_line(answer.header_lines, "x-tidegate-cost-usd", total_cost().to_string());
        }
        exchange_.outgoing = std::move(answer);
    }

    NanoDollars total_cost() const {
        NanoDollars cost;
        for (const events::Attempt& attempt : exchange_.attempts) cost += attempt.cost;
        return cost;
    }

    std::optional<std::string_view> variable(std::string_view name) const {
        for (const auto& [variable_name, value] : exchange_.header_variables) {
            if (variable_name == name)
                return value;
        }
        for (const dialect::Variable& entry : exchange_.view.variables()) {
            if (entry.name == name)
                return entry.value;
        }
        return std::nullopt;
    }

    Exchange& exchange_;
    ClientStream stream_;
    std::string passed_headers_;
    SteadyTime deadline_;
    std::function<std::optional<std::string_view>(std::string_view)> variables_;
    std::string last_reason_;
};

}  // namespace

async::Task<Step> AnswerStage::wait(Exchange& exchange) {
    Answering answering(exchange);
    co_await answering.run();
    co_return Step::answered;
}

}  // namespace tidegate::pipeline
