// Handles of series, cheap enough for the hot path: an increment is one atomic operation.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/money.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tidegate::metrics {

class Counter {
  public:
    void increment(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

class Gauge {
  public:
    void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> value_{0};
};

// Seconds, in fixed buckets. prometheus-cpp's own takes a mutex, which costs 220 ns when two threads share it.
class Histogram {
  public:
    // Upper bounds in seconds, ascending.
    explicit Histogram(std::vector<double> bounds);
    void observe(Duration value);

    const std::vector<double>& bounds() const { return bounds_; }
    // Of each bucket by itself; the last is that above all bounds.
    std::vector<std::uint64_t> counts() const;
    double sum() const;

  private:
    std::vector<double> bounds_;
    std::vector<std::atomic<std::uint64_t>> counts_;
    std::atomic<std::int64_t> sum_nanoseconds_{0};
};

// Money spent, in nano-dollars; exposed as dollars.
class CostCounter {
  public:
    void add(NanoDollars cost) { nanos_.fetch_add(cost.count(), std::memory_order_relaxed); }
    NanoDollars value() const { return NanoDollars{nanos_.load(std::memory_order_relaxed)}; }

  private:
    std::atomic<std::int64_t> nanos_{0};
};

// The outcomes of a request and the kinds of tokens, in the order of the series' arrays.
inline constexpr std::array<std::string_view, 10> kOutcomes{
    "ok",      "fallback", "degraded",       "cached",  "client_error",
    "blocked", "rejected", "upstream_error", "timeout", "cancelled"};
inline constexpr std::array<std::string_view, 6> kTokenKinds{"input",  "cache_read", "cache_write",
                                                             "output", "reasoning",  "audio"};
// What the cache did for a call, as tidegate_cache_requests_total names it.
inline constexpr std::array<std::string_view, 5> kCacheResults{"bypass", "miss", "hit", "coalesced", "stale"};
// What became of a shadow run, as tidegate_shadow_calls_total names it.
inline constexpr std::array<std::string_view, 10> kShadowOutcomes{
    "ok",           "failed",         "timeout",      "cancelled",     "dropped_unavailable",
    "dropped_busy", "dropped_budget", "dropped_gone", "dropped_state", "dropped_draining"};
// Of an attempt, as tidegate_upstream_attempts_total names them.
inline constexpr std::array<std::string_view, 19> kAttemptOutcomes{"ok",
                                                                   "error",
                                                                   "timeout",
                                                                   "first_token_timeout",
                                                                   "rate_limit",
                                                                   "overloaded",
                                                                   "circuit_open",
                                                                   "refusal",
                                                                   "malformed",
                                                                   "guardrail",
                                                                   "low_confidence",
                                                                   "budget",
                                                                   "rejected",
                                                                   "invalid_request",
                                                                   "prompt_variable_missing",
                                                                   "blocked",
                                                                   "key_limited",
                                                                   "key_budget",
                                                                   "cancelled"};

// Of one (feature, variant, model, provider).
struct RequestSeries {
    RequestSeries();

    std::array<Counter, kOutcomes.size()> outcomes;
    std::array<Counter, kTokenKinds.size()> tokens;
    CostCounter cost;
    Histogram duration;
    Histogram first_token;
};

// Of one feature that has a cache.
struct CacheSeries {
    std::array<Counter, kCacheResults.size()> results;
};

// Of one (feature, variant that runs in its shadow lane).
struct ShadowSeries {
    std::array<Counter, kShadowOutcomes.size()> outcomes;
    Counter compared;
    Counter disagreed;
};

// Of one (provider, model).
struct UpstreamSeries {
    UpstreamSeries();

    // The counter of an outcome; one that is not listed counts as "error".
    Counter& attempts(std::string_view outcome);

    std::array<Counter, kAttemptOutcomes.size()> outcomes;
    Gauge inflight;
    Histogram duration;
};

}  // namespace tidegate::metrics
