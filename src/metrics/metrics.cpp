#include "metrics/families.h"
#include "metrics/process.h"

#include <tidegate/metrics/metrics.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <sstream>
#include <tuple>

#include <prometheus/text_serializer.h>

namespace tidegate::metrics {
namespace {

using Key4 = std::tuple<std::string, std::string, std::string, std::string>;
using Key2 = std::pair<std::string, std::string>;

constexpr std::array<std::string_view, 20> kRejectReasons{"invalid_request",
                                                          "unauthorized",
                                                          "forbidden",
                                                          "unknown_feature",
                                                          "not_found",
                                                          "method_not_allowed",
                                                          "request_timeout",
                                                          "state_unavailable",
                                                          "payload_too_large",
                                                          "uri_too_long",
                                                          "rate_limited",
                                                          "budget_exhausted",
                                                          "header_too_large",
                                                          "internal",
                                                          "not_implemented",
                                                          "overloaded",
                                                          "guardrail_blocked",
                                                          "prompt_variable_missing",
                                                          "version_not_supported",
                                                          "other"};

// Finer than those of a call: the gateway's own time is tens of microseconds.
std::vector<double> overhead_bounds() {
    return {0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
            0.005,   0.01,     0.025,   0.05,   0.1,     0.25,   1};
}

struct Observed {
    Metrics::Kind kind;
    std::string name;
    std::string help;
    std::vector<Metrics::Label> labels;
    std::function<double()> value;
};

// Of events that are counted where they happen: what they are, and the names of their labels.
struct EventFamily {
    std::string_view name;
    std::string_view help;
    std::vector<std::string_view> labels;
};

const EventFamily kFallbacks{"tidegate_fallback_total",
                             "Fallbacks that answered, with the reason of the last failure before.",
                             {"feature", "variant", "entry", "reason"}};
const EventFamily kBudgetDegraded{
    "tidegate_budget_degraded_total", "Calls that the budget gave a cheaper answer.", {"feature", "action"}};
const EventFamily kBudgetLevels{"tidegate_budget_levels_total",
                                "Spending levels that were reached and that this process was first to see.",
                                {"feature", "account", "level"}};
const EventFamily kGuardrailTrips{"tidegate_guardrail_trips_total",
                                  "Texts in which a guardrail found something.",
                                  {"feature", "variant", "guardrail", "category", "direction"}};

void add_shadow(Families& families, const std::string& feature, const std::string& variant,
                const ShadowSeries& series) {
    const Labels two{{"feature", feature}, {"variant", variant}};
    for (std::size_t i = 0; i < kShadowOutcomes.size(); ++i) {
        Labels labels = two;
        labels.emplace_back("outcome", std::string(kShadowOutcomes[i]));
        families.counter("tidegate_shadow_calls_total", "Runs of the shadow lane by what became of them.",
                         labels, static_cast<double>(series.outcomes[i].value()));
    }
    const auto compared = static_cast<double>(series.compared.value());
    if (compared > 0) {
        families.gauge("tidegate_shadow_disagreement_ratio",
                       "Of the answers compared since the start, how many disagree with the live one.", two,
                       static_cast<double>(series.disagreed.value()) / compared);
    }
}

}  // namespace

class Metrics::State {
  public:
    State(std::string version, std::string revision)
        : version_(std::move(version)), revision_(std::move(revision)) {}

    Counter& event(const EventFamily& family, std::vector<std::string> labels) {
        const std::lock_guard lock(mutex_);
        return events_[{&family, std::move(labels)}];
    }
    std::vector<prometheus::MetricFamily> collect() const;
    void add_own(Families& families) const;
    void ask_observed(Families& families) const;

    const std::string version_;
    const std::string revision_;
    mutable std::mutex mutex_;
    std::map<Key4, RequestSeries> requests_;
    std::map<Key2, UpstreamSeries> upstream_;
    std::map<std::string, Counter> unassigned_;
    std::map<Key2, ShadowSeries> shadows_;
    std::map<std::string, CacheSeries> caches_;
    std::map<std::pair<const EventFamily*, std::vector<std::string>>, Counter> events_;
    std::array<Counter, kRejectReasons.size()> rejected_;
    Gauge inflight_;
    Histogram overhead_{overhead_bounds()};
    std::vector<Observed> observed_;
    Counter reloads_ok_;
    Counter reloads_failed_;
    Gauge last_reload_ok_;
    Gauge last_reload_time_;
};

// A counter is shown from zero on: Prometheus does not see the first increment of a series that begins at one.
void Metrics::State::add_own(Families& families) const {
    const std::lock_guard lock(mutex_);
    families.gauge("tidegate_build_info", "Always 1; its labels say what is running.",
                   {{"version", version_}, {"revision", revision_}}, 1);
    for (const auto& [key, series] : requests_) {
        const auto& [feature, variant, model, provider] = key;
        const Labels three{{"feature", feature}, {"variant", variant}, {"model", model}};
        for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
            families.counter("tidegate_requests_total", "Calls by what became of them.",
                             {{"feature", feature},
                              {"variant", variant},
                              {"model", model},
                              {"provider", provider},
                              {"outcome", std::string(kOutcomes[i])}},
                             static_cast<double>(series.outcomes[i].value()));
        }
        families.histogram("tidegate_request_duration_seconds",
                           "From the request's head to the answer's last byte.", three, series.duration);
        families.histogram("tidegate_time_to_first_token_seconds",
                           "From the request's head to the first content.", three, series.first_token);
        for (std::size_t i = 0; i < kTokenKinds.size(); ++i) {
            Labels labels = three;
            labels.emplace_back("kind", std::string(kTokenKinds[i]));
            families.counter("tidegate_tokens_total", "Tokens by kind; the kinds are disjoint.", labels,
                             static_cast<double>(series.tokens[i].value()));
        }
        families.counter("tidegate_cost_usd_total", "Cost of all attempts in US dollars.", three,
                         series.cost.value().to_dollars());
    }
    std::map<std::string, std::int64_t> inflight;  // a provider's limit is for all of its models
    for (const auto& [key, series] : upstream_) {
        const Labels two{{"provider", key.first}, {"model", key.second}};
        for (std::size_t i = 0; i < kAttemptOutcomes.size(); ++i) {
            Labels labels = two;
            labels.emplace_back("outcome", std::string(kAttemptOutcomes[i]));
            families.counter("tidegate_upstream_attempts_total",
                             "Attempts that called a model, by what became of them.", labels,
                             static_cast<double>(series.outcomes[i].value()));
        }
        inflight[key.first] += series.inflight.value();
        families.histogram("tidegate_upstream_request_duration_seconds", "Model call latency.", two,
                           series.duration);
    }
    for (const auto& [provider, count] : inflight) {
        families.gauge("tidegate_upstream_inflight", "Attempts in progress.", {{"provider", provider}},
                       static_cast<double>(count));
    }
    for (const auto& [feature, counter] : unassigned_) {
        families.counter("tidegate_cohort_unassigned_total", "Calls whose weights had nothing to weigh by.",
                         {{"feature", feature}}, static_cast<double>(counter.value()));
    }
    for (const auto& [key, counter] : events_) {
        const auto& [family, values] = key;
        Labels labels;
        for (std::size_t i = 0; i < values.size(); ++i) labels.emplace_back(family->labels[i], values[i]);
        families.counter(std::string(family->name), std::string(family->help), labels,
                         static_cast<double>(counter.value()));
    }
    for (const auto& [feature, series] : caches_) {
        for (std::size_t i = 0; i < kCacheResults.size(); ++i) {
            families.counter("tidegate_cache_requests_total", "Calls by what the cache did for them.",
                             {{"feature", feature}, {"result", std::string(kCacheResults[i])}},
                             static_cast<double>(series.results[i].value()));
        }
    }
    for (const auto& [key, series] : shadows_) add_shadow(families, key.first, key.second, series);
    for (std::size_t i = 0; i < kRejectReasons.size(); ++i) {
        families.counter("tidegate_requests_rejected_total", "Requests refused before they became a call.",
                         {{"reason", std::string(kRejectReasons[i])}},
                         static_cast<double>(rejected_[i].value()));
    }
    families.gauge("tidegate_requests_inflight", "Calls in progress.", {},
                   static_cast<double>(inflight_.value()));
    families.histogram("tidegate_gateway_overhead_seconds", "Time of a call not spent waiting for an upstream.",
                       {}, overhead_);
    families.gauge("tidegate_config_last_reload_successful", "1 if the last reload was taken.", {},
                   static_cast<double>(last_reload_ok_.value()));
    families.gauge("tidegate_config_last_reload_success_timestamp_seconds",
                   "When a configuration was last taken.", {}, static_cast<double>(last_reload_time_.value()));
    families.counter("tidegate_config_reloads_total", "Reloads by outcome.", {{"outcome", "ok"}},
                     static_cast<double>(reloads_ok_.value()));
    families.counter("tidegate_config_reloads_total", "Reloads by outcome.", {{"outcome", "failed"}},
                     static_cast<double>(reloads_failed_.value()));
}

// A function may take its module's locks, and ask these metrics again: none of ours is held.
void Metrics::State::ask_observed(Families& families) const {
    std::vector<Observed> functions;
    {
        const std::lock_guard lock(mutex_);
        functions = observed_;
    }
    for (const Observed& observed : functions) {
        Labels labels;
        for (const Label& label : observed.labels) labels.emplace_back(label.name, label.value);
        if (observed.kind == Kind::gauge) {
            families.gauge(observed.name, observed.help, labels, observed.value());
        } else {
            families.counter(observed.name, observed.help, labels, observed.value());
        }
    }
}

std::vector<prometheus::MetricFamily> Metrics::State::collect() const {
    Families families;
    add_own(families);
    ask_observed(families);
    auto collected = families.take();
    collect_process(collected);
    return collected;
}

Metrics::Metrics(const std::string& version, const std::string& revision)
    : state_(std::make_unique<State>(version, revision)) {}

Metrics::~Metrics() = default;

RequestSeries& Metrics::request_series(const std::string& feature, const std::string& variant,
                                       const std::string& model, const std::string& provider) {
    const std::lock_guard lock(state_->mutex_);
    return state_->requests_[{feature, variant, model, provider}];
}

UpstreamSeries& Metrics::upstream(const std::string& provider, const std::string& model) {
    const std::lock_guard lock(state_->mutex_);
    return state_->upstream_[{provider, model}];
}

Counter& Metrics::cohort_unassigned(const std::string& feature) {
    const std::lock_guard lock(state_->mutex_);
    return state_->unassigned_[feature];
}

CacheSeries& Metrics::cache(const std::string& feature) {
    const std::lock_guard lock(state_->mutex_);
    return state_->caches_[feature];
}

ShadowSeries& Metrics::shadow(const std::string& feature, const std::string& variant) {
    const std::lock_guard lock(state_->mutex_);
    return state_->shadows_[{feature, variant}];
}

Gauge& Metrics::requests_inflight() {
    return state_->inflight_;
}

Histogram& Metrics::gateway_overhead() {
    return state_->overhead_;
}

Counter& Metrics::rejected(std::string_view reason) {
    const auto found = std::find(kRejectReasons.begin(), kRejectReasons.end(), reason);
    const auto index = found == kRejectReasons.end() ? kRejectReasons.size() - 1
                                                     : static_cast<std::size_t>(found - kRejectReasons.begin());
    return state_->rejected_[index];
}

Counter& Metrics::fallback(const std::string& feature, const std::string& variant, const std::string& entry,
                           const std::string& reason) {
    return state_->event(kFallbacks, {feature, variant, entry, reason});
}

Counter& Metrics::budget_degraded(const std::string& feature, const std::string& action) {
    return state_->event(kBudgetDegraded, {feature, action});
}

Counter& Metrics::budget_level(const std::string& feature, const std::string& account, int percent) {
    return state_->event(kBudgetLevels, {feature, account, std::to_string(percent)});
}

Counter& Metrics::guardrail_trips(const std::string& feature, const std::string& variant,
                                  const std::string& guardrail, const std::string& category,
                                  const std::string& direction) {
    return state_->event(kGuardrailTrips, {feature, variant, guardrail, category, direction});
}

void Metrics::observe(Kind kind, const std::string& name, const std::string& help, std::vector<Label> labels,
                      std::function<double()> value) {
    const std::lock_guard lock(state_->mutex_);
    std::erase_if(state_->observed_,
                  [&](const Observed& one) { return one.name == name && one.labels == labels; });
    state_->observed_.push_back({kind, name, help, std::move(labels), std::move(value)});
}

void Metrics::reloaded(bool successful, WallTime now) {
    (successful ? state_->reloads_ok_ : state_->reloads_failed_).increment();
    state_->last_reload_ok_.set(successful ? 1 : 0);
    if (successful)
        state_->last_reload_time_.set(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
}

std::string Metrics::expose() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, state_->collect());
    return out.str();
}

}  // namespace tidegate::metrics
