#include "pipeline/served_prompt.h"
#include "pipeline/shadow_record.h"
#include "pipeline/variables.h"

#include <tidegate/base/log.h>
#include <tidegate/calls/attempt.h>
#include <tidegate/events/log.h>
#include <tidegate/ledger/account.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/feature_table.h>
#include <tidegate/pipeline/shadow_lane.h>
#include <tidegate/pipeline/shadow_recorder.h>
#include <tidegate/pipeline/storage.h>
#include <tidegate/pipeline/thread_state.h>
#include <tidegate/upstream/endpoint.h>

#include <algorithm>

namespace tidegate::pipeline {
namespace {

// Takes a stream as a user would have got it.
class Collector final : public calls::EventSink {
  public:
    explicit Collector(events::Content& content) : content_(content) {}
    void begin(std::string_view) override {}
    async::Task<Result<void>> write(std::string_view bytes) override {
        content_.append(bytes);
        co_return Result<void>{};
    }

  private:
    events::Content& content_;
};

// On the list of those that `cancel` reaches, as long as it lives.
class Listed {
  public:
    Listed(std::vector<async::Cancellation*>& list, async::Cancellation& cancellation)
        : list_(list), cancellation_(cancellation) {
        list_.push_back(&cancellation);
    }
    ~Listed() { std::erase(list_, &cancellation_); }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;

  private:
    std::vector<async::Cancellation*>& list_;
    async::Cancellation& cancellation_;
};

void count(const ShadowVariant& variant, ShadowOutcome outcome) {
    variant.series->outcomes[static_cast<std::size_t>(outcome)].increment();
}

// Behind half of its limit a provider is left to users.
bool is_busy(const ShadowVariant& variant) {
    const int most = variant.variant.model->provider->endpoint->concurrent();
    return most > 0 && variant.users->in_flight() * 2 >= most;
}

}  // namespace

std::string_view to_string(ShadowOutcome outcome) {
    return metrics::kShadowOutcomes.at(static_cast<std::size_t>(outcome));
}

const ShadowVariant& ShadowCopy::runs() const {
    return feature->shadow->variants[variant];
}

ShadowOutcome ShadowLane::obstacle(const Feature& feature, const ShadowOptions& options,
                                   const ShadowVariant& variant) const {
    if (draining_)
        return ShadowOutcome::draining;
    const Feature* current = thread_.table->find(feature.name);
    const bool is_there = current != nullptr && current->shadow != nullptr &&
                          std::ranges::any_of(current->shadow->variants, [&](const ShadowVariant& other) {
                              return other.variant.name == variant.variant.name;
                          });
    if (!is_there)
        return ShadowOutcome::gone;
    if (options.account != nullptr && options.account->left() <= NanoDollars{})
        return ShadowOutcome::budget;
    const Services& services = thread_.services;
    const auto calls =
        static_cast<std::size_t>(std::max<std::int64_t>(0, services.metrics.requests_inflight().value()));
    // No user must be refused because runs have filled the log's queue.
    if (calls >= options.busy_calls || is_busy(variant) || !may_begin(services) ||
        !services.log.has_ample_room())
        return ShadowOutcome::busy;
    return ShadowOutcome::ok;
}

ShadowLane::Admission ShadowLane::admit(const Feature& feature, std::size_t variant,
                                        bool carries_provider_state) {
    const ShadowOptions& options = *feature.shadow;
    const ShadowVariant& runs = options.variants[variant];
    Admission admission;
    admission.outcome = carries_provider_state ? ShadowOutcome::state : obstacle(feature, options, runs);
    if (admission) {
        admission.place = options.running->try_acquire(options.concurrent);
        if (!admission.place)
            admission.outcome = ShadowOutcome::busy;
    }
    if (!admission)
        count(runs, admission.outcome);
    return admission;
}

void ShadowLane::start(ShadowCopy copy) {
    if (draining_) {
        count(copy.runs(), ShadowOutcome::draining);
        return;
    }
    thread_.io.tasks().spawn(run(std::move(copy)));
}

void ShadowLane::cancel() {
    // Each takes itself off the list, at once or later.
    const std::vector<async::Cancellation*> all = running_;
    for (async::Cancellation* cancellation : all) {
        if (std::ranges::find(running_, cancellation) != running_.end())
            cancellation->cancel(async::CancelReason::shutdown);
    }
}

async::Task<> ShadowLane::run(ShadowCopy copy) {
    async::Cancellation cancellation;
    const Listed listed(running_, cancellation);
    auto parser = thread_.worker.parsers.borrow();
    const auto view =
        dialect::RequestView::read(copy.format, dialect::Operation::chat, copy.request(), *parser);
    if (!view) {
        log::error("shadow", "a request that was served cannot be read again: {}", view.error().message);
        co_return;
    }
    const ShadowOptions& options = *copy.feature->shadow;
    const ShadowVariant& runs = copy.runs();
    const std::function<std::optional<std::string_view>(std::string_view)> variables =
        [&copy, &view](std::string_view name) { return find_variable(copy.variables, *view, name); };
    std::vector<ledger::Account*> accounts;
    if (options.account != nullptr)
        accounts.push_back(options.account);
    const WallTime started = thread_.io.clock().wall();
    const SteadyTime begun = thread_.io.clock().steady();
    const std::string id_text = copy.id.to_string();
    const bool provider_changed = copy.live_variant == nullptr || copy.live_variant->model->provider->name !=
                                                                      runs.variant.model->provider->name;
    const calls::AttemptRequest attempt{
        .variant = runs.variant,
        .request = *view,
        .variables = variables,
        .call = copy.id,
        .call_id = id_text,
        .accounts = accounts,
        .feature = copy.feature->name,
        .least_mean_logprob = copy.feature->least_mean_logprob,
        .call_started = begun,
        .deadline = begun + options.timeout,
        .first_token = copy.feature->first_token,
        .provider_changed = provider_changed,
        .passed_headers = copy.passed_headers,
        .idempotency_key = {},
        .cancellation = cancellation,
    };
    events::Content answer(kShadowContent);
    answer.format = dialect::to_string(copy.format);
    answer.stream = view->stream();
    Collector collector(answer);
    calls::AttemptResult result;
    result.content = events::Content(0);
    co_await calls::run_attempt(thread_.worker, attempt, collector, result);
    note_served(thread_.services.store, runs.variant);
    answer.append(result.body);

    const ShadowOutcome outcome = outcome_of(result);
    count(runs, outcome);
    // What cost nothing and tells nothing leaves no record.
    if (!counts(outcome) && result.record.tries == 0)
        co_return;
    ShadowPair pair;
    pair.record = shadow_record(copy, *view, result, std::move(answer));
    pair.trips = std::move(result.trips);
    pair.record->started = started;
    pair.copy = std::move(copy);
    thread_.services.shadow->take(std::move(pair));
}

}  // namespace tidegate::pipeline
