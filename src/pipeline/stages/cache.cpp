#include "pipeline/stages/cache.h"

#include "pipeline/cache_key.h"
#include "pipeline/cached_answer.h"
#include "pipeline/client_stream.h"
#include "pipeline/follow.h"

#include <tidegate/base/log.h>
#include <tidegate/base/text.h>
#include <tidegate/http/request.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

#include <utility>

namespace tidegate::pipeline {
namespace {

// `cache-control` of the client, as RFC 9111 has it: `no-store`: nothing of this call is kept; `no-cache`: no
// earlier answer serves it.
bool asks_for(const http::Request& request, std::string_view directive) {
    bool asked = false;
    request.for_each_header([&](std::string_view name, std::string_view value) {
        if (!equals_ignoring_case(name, "cache-control"))
            return;
        while (!value.empty()) {
            const std::size_t comma = value.find(',');
            asked = asked || equals_ignoring_case(trim(value.substr(0, comma)), directive);
            value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
        }
    });
    return asked;
}

// What whoever asks for the same may have; null if this answer is for nobody else.
const Outgoing* shareable_answer(const Exchange& exchange) {
    const auto& answer = exchange.outgoing;
    if (!exchange.settled() || !answer || answer->status != 200 || !exchange.error_code().empty())
        return nullptr;
    switch (exchange.outcome()) {
        case events::Outcome::ok:
        case events::Outcome::fallback:
        case events::Outcome::degraded:
            return &*answer;
        default:
            return nullptr;
    }
}

// What the decided variant itself has answered, whole and without a refusal.
bool is_worth_keeping(const Exchange& exchange, const cache::Entry& entry) {
    return exchange.outcome() == events::Outcome::ok && exchange.answered_by == exchange.variant &&
           !exchange.attempts.empty() && exchange.attempts.back().reason == "ok" &&
           exchange.finish_reason != dialect::to_string(dialect::Finish::content_filter) &&
           memory_of(entry) <= cache::kLargestEntry;
}

// The lead is given when the answer can be found: until then whoever asks for the same joins.
async::Task<> keep(cache::Cache& cache, cache::Key key, std::shared_ptr<const cache::Entry> entry, Duration ttl,
                   cache::Lead) {
    co_await cache.store(key, std::move(entry), ttl);
}

void land(Exchange& exchange, cache::Lead lead) {
    const Outgoing* const answer = shareable_answer(exchange);
    if (answer == nullptr)
        return;
    cache::Entry facts;
    facts.origin = origin_of(exchange);
    facts.model = exchange.answered_model;
    facts.finish = exchange.finish_reason;
    facts.stream = exchange.view.stream();
    auto entry = lead.land(std::move(facts), answer->body);
    const auto& key = exchange.cache.key;
    const auto& policy = exchange.feature->cache;
    if (!entry || !key || !policy || !is_worth_keeping(exchange, *entry))
        return;
    ThreadState& thread = exchange.thread;
    thread.io.tasks().spawn(keep(*thread.cache, *key, std::move(entry), policy->ttl, std::move(lead)));
}

}  // namespace

Step CacheStage::enter(Exchange& exchange) {
    CacheUse& use = exchange.cache;
    use.result = CacheResult::bypass;
    const auto& policy = exchange.feature->cache;
    if (!policy || exchange.thread.cache == nullptr)
        return Step::next;
    if (asks_for(exchange.request, "no-store") || exchange.view.carries_provider_state())
        return Step::next;
    use.key = cache_key(exchange, policy->scope);
    if (!use.key)
        return Step::next;
    if (!asks_for(exchange.request, "no-cache"))
        return Step::wait;
    use.wants_fresh = true;
    use.lead = exchange.thread.services.flights->alone();
    return Step::next;
}

async::Task<Step> CacheStage::wait(Exchange& exchange) {
    CacheUse& use = exchange.cache;
    // `enter` has found both.
    const auto key = use.key.value_or(cache::Key{});
    const auto policy = exchange.feature->cache.value_or(cache::Policy{});
    use.result = CacheResult::miss;
    for (;;) {
        auto seat = exchange.thread.services.flights->join(key, exchange.thread.io);
        if (auto* const follower = std::get_if<cache::Follower>(&seat)) {
            const bool answered = co_await follow(exchange, *follower);
            if (answered)
                co_return Step::answered;
            continue;
        }
        // Behind joining, so that an answer that has just landed is not missed.
        auto& lead = std::get<cache::Lead>(seat);
        const auto entry = co_await exchange.thread.cache->find(key, policy.ttl);
        if (!entry) {
            use.lead = std::move(lead);
            co_return Step::next;
        }
        lead.land_stored(entry);
        use.result = CacheResult::hit;
        exchange.settle(events::Outcome::cached);
        answer_with_entry(exchange, *entry);
        co_return Step::answered;
    }
}

void CacheStage::answered(Exchange& exchange) noexcept try {
    auto lead = std::exchange(exchange.cache.lead, std::nullopt);
    if (lead)
        land(exchange, *std::move(lead));
} catch (const std::exception& exception) {
    log::error("pipeline", "the answer of call {} could not be kept: {}", exchange.id_text, exception.what());
}

void CacheStage::complete(Exchange& exchange) noexcept {
    CacheUse& use = exchange.cache;
    use.lead.reset();
    if (use.result && exchange.feature->cache_series != nullptr)
        exchange.feature->cache_series->results[static_cast<std::size_t>(*use.result)].increment();
}

}  // namespace tidegate::pipeline
