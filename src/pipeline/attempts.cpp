#include "pipeline/attempts.h"

#include "pipeline/passed_headers.h"
#include "pipeline/served_prompt.h"
#include "pipeline/variables.h"

#include <tidegate/access/key_ring.h>
#include <tidegate/http/request.h>
#include <tidegate/http/response_writer.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

#include <algorithm>
#include <array>

namespace tidegate::pipeline {
namespace {

// An SDK that is retrying already must not have its tries multiplied by ours.
bool client_retries(const http::Request& request) {
    const auto count = request.header("x-stainless-retry-count");
    return count && *count != "0";
}

std::vector<ledger::Account*> accounts_of(const Exchange& exchange) {
    std::vector<ledger::Account*> accounts;
    if (exchange.feature->account != nullptr)
        accounts.push_back(exchange.feature->account);
    if (exchange.key == nullptr)
        return accounts;
    const auto of_key = exchange.table->key_accounts.find(exchange.key->name());
    if (of_key != exchange.table->key_accounts.end())
        accounts.push_back(of_key->second);
    return accounts;
}

void count(const events::Attempt& attempt, const FeatureVariant& variant) {
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

}  // namespace

Attempts::Attempts(Exchange& exchange)
    : exchange_(exchange),
      stream_(exchange),
      passed_headers_(passed_headers(exchange.request)),
      variables_([this](std::string_view name) {
          return find_variable(exchange_.header_variables, exchange_.view, name);
      }),
      accounts_(accounts_of(exchange)) {}

async::Task<void> Attempts::run(const FeatureVariant& variant, bool last, calls::AttemptResult& result) {
    const SteadyTime begun = exchange_.thread.io.clock().steady();
    const calls::AttemptRequest request{
        .variant = variant.variant,
        .request = exchange_.view,
        .variables = variables_,
        .call = exchange_.id,
        .call_id = exchange_.id_text,
        .number = static_cast<int>(exchange_.attempts.size()) + 1,
        .accounts = accounts_,
        .key = exchange_.key,
        .feature = exchange_.feature->name,
        .least_mean_logprob = exchange_.feature->least_mean_logprob,
        .call_started = exchange_.received,
        .deadline = deadline(last),
        .first_token = exchange_.feature->first_token,
        .last = last,
        .provider_changed = provider_changed(variant),
        .second_try = !client_retries(exchange_.request),
        .passed_headers = passed_headers_,
        .idempotency_key = exchange_.request.header("idempotency-key").value_or(""),
        .cancellation = exchange_.writer.cancellation(),
    };
    // The head of a stream names the variant that answers.
    exchange_.answered_by = &variant;
    const bool first = exchange_.tried.empty();
    exchange_.tried.push_back(&variant);
    exchange_.request_clean = false;
    exchange_.waiting_since = begun;
    if (!first)
        result = calls::AttemptResult();
    result.content = events::Content(exchange_.table->max_content);
    co_await calls::run_attempt(exchange_.thread.worker, request, stream_, result);
    note_served(exchange_.thread.services.store, variant.variant);
    exchange_.waiting_since.reset();
    exchange_.upstream_wait += exchange_.thread.io.clock().steady() - begun;
    exchange_.cost = exchange_.cost.value_or(NanoDollars{}) + result.record.cost;
    if (result.record.first_token)
        exchange_.first_token = result.record.started + *result.record.first_token;
    if (result.reason != calls::Reason::ok)
        last_reason_ = to_string(result.reason);
    count(result.record, variant);
    note_trips(variant, result.trips);
    exchange_.request_clean =
        result.request_clean && exchange_.tried.size() == 1 && &variant == exchange_.variant;
    exchange_.attempts.push_back(std::move(result.record));
    exchange_.answer_content = std::move(result.content);
}

void Attempts::note_trips(const FeatureVariant& variant, std::span<const guardrails::Trip> trips) {
    for (const guardrails::Trip& trip : trips) {
        exchange_.thread.services.metrics
            .guardrail_trips(exchange_.feature->name, variant.variant.name, trip.guardrail, trip.category,
                             std::string(to_string(trip.direction)))
            .increment();
        exchange_.trips.push_back(trip);
    }
}

SteadyTime Attempts::deadline(bool last) const {
    const Feature& feature = *exchange_.feature;
    const SteadyTime total = exchange_.received + feature.total;
    if (last)
        return total;
    const Duration share = feature.attempt.value_or(feature.total / 2);
    return std::min(total, exchange_.thread.io.clock().steady() + share);
}

bool Attempts::provider_changed(const FeatureVariant& variant) const {
    return variant.variant.model->provider != exchange_.variant->variant.model->provider;
}

}  // namespace tidegate::pipeline
