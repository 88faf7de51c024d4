#include "pipeline/stages/answer.h"

#include "pipeline/attempts.h"
#include "pipeline/cached_answer.h"
#include "pipeline/chain_end.h"
#include "pipeline/hook_answer.h"
#include "pipeline/static_answer.h"

#include <tidegate/calls/attempt.h>
#include <tidegate/http/response_writer.h>
#include <tidegate/ledger/account.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

#include <algorithm>
#include <span>

namespace tidegate::pipeline {
namespace {

using calls::AttemptResult;
using calls::Reason;

// Runs one exchange's chain.
class Answering {
  public:
    explicit Answering(Exchange& exchange) : exchange_(exchange), attempts_(exchange) {}

    async::Task<void> run() {
        if (!state_is_reachable())
            co_return;
        const Feature& feature = *exchange_.feature;
        Walk walked = Walk::too_dear;
        if (feature.account == nullptr || !feature.account->degrades())
            walked = co_await walk(feature.chains[exchange_.decision.index]);
        if (walked == Walk::too_dear) {
            exchange_.degraded = true;
            walked = co_await walk(feature.at_ceiling);
            if (walked == Walk::exhausted)
                refuse_for_budget(exchange_, last_);
        } else if (walked == Walk::exhausted) {
            give_up();
        }
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

    enum class Walk {
        answered,   // be it with an error that ends the chain
        exhausted,  // no entry could answer
        too_dear,   // what the decided variant may cost does not fit
    };

    async::Task<Walk> walk(std::span<const ChainEntry> entries) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const ChainEntry& entry = entries[i];
            const bool last = std::none_of(entries.begin() + static_cast<std::ptrdiff_t>(i) + 1, entries.end(),
                                           [](const ChainEntry& later) { return later.calls_out(); });
            bool done = false;
            if (entry.variant) {
                const FeatureVariant& variant = exchange_.feature->variants[*entry.variant];
                done = co_await try_variant(entry, variant, last);
            } else if (std::holds_alternative<Reject>(entry.answer)) {
                break;
            } else if (std::holds_alternative<StaleAnswer>(entry.answer)) {
                done = co_await answer_with_stale(exchange_);
                if (done)
                    settle(entry.name);
            } else if (suits(exchange_, entry)) {
                done = co_await try_answer(entry, last);
            }
            if (done)
                co_return Walk::answered;
            if (i == 0 && !exchange_.degraded && last_.reason == Reason::budget)
                co_return Walk::too_dear;
        }
        co_return Walk::exhausted;
    }

    async::Task<bool> try_variant(const ChainEntry& entry, const FeatureVariant& variant, bool last) {
        if (exchange_.view.carries_provider_state() && attempts_.provider_changed(variant))
            co_return false;
        // The head of a stream names what answers, so it is said before.
        if (&variant != exchange_.variant)
            name_fallback(entry);
        co_await attempts_.run(variant, last, last_);
        co_return ends_the_chain(last_);
    }

    async::Task<bool> try_answer(const ChainEntry& entry, bool last) {
        if (!entry.calls_out()) {
            answer_by_entry(entry, text_of(exchange_, entry));
            co_return true;
        }
        const SteadyTime deadline = attempts_.deadline(last);
        const auto answer = co_await ask_hook(exchange_, entry, attempts_.last_reason(), deadline);
        if (!answer && answer.error().kind == ErrorKind::cancelled) {
            exchange_.settle(events::Outcome::cancelled);
            co_return true;
        }
        if (!answer || (exchange_.view.wants_json() && !answer->json))
            co_return false;
        answer_by_entry(entry, answer->text);
        co_return true;
    }

    void name_fallback(const ChainEntry& entry) {
        exchange_.fallback_entry = entry.name;
        exchange_.fallback_reason = exchange_.degraded ? to_string(Reason::budget) : attempts_.last_reason();
    }

    // Settles the outcome of an answer, and counts how it came about.
    void settle(const std::string& entry) {
        metrics::Metrics& metrics = exchange_.thread.services.metrics;
        const std::string& feature = exchange_.feature->name;
        if (exchange_.degraded) {
            exchange_.settle(events::Outcome::degraded);
            metrics.budget_degraded(feature, entry).increment();
        } else if (exchange_.answered_by == exchange_.variant) {
            exchange_.settle(events::Outcome::ok);
        } else {
            exchange_.settle(events::Outcome::fallback);
            metrics.fallback(feature, exchange_.variant->variant.name, entry, exchange_.fallback_reason)
                .increment();
        }
    }

    void answer_by_entry(const ChainEntry& entry, std::string_view text) {
        exchange_.answered_by = nullptr;
        name_fallback(entry);
        settle(entry.name);
        answer_with(exchange_, text);
    }

    void answer_by_variant(AttemptResult& result) {
        exchange_.answered_model = result.answered_model;
        exchange_.finish_reason = result.finish;
        settle(exchange_.answered_by->variant.name);
        deliver_whole(exchange_, result);
    }

    bool ends_the_chain(AttemptResult& result) {
        if (result.reason == Reason::ok) {
            answer_by_variant(result);
        } else if (result.reason == Reason::cancelled) {
            stop_cancelled(exchange_, result);
        } else if (result.released) {
            break_off(exchange_, result);
        } else if (result.reason == Reason::rejected) {
            reject(exchange_, result);
        } else if (calls::allows_fallback(result.reason)) {
            return false;
        } else {
            refuse_after(exchange_, result);
        }
        return true;
    }

    void give_up() {
        // A refusal that nothing could replace is still the provider's answer.
        if (last_.reason != Reason::refusal || last_.body.empty()) {
            refuse_after(exchange_, last_);
        } else if (last_.status == 200) {
            answer_by_variant(last_);
        } else {
            reject(exchange_, last_);
        }
    }

    Exchange& exchange_;
    Attempts attempts_;
    AttemptResult last_;  // of the variant that was tried last
};

}  // namespace

async::Task<Step> AnswerStage::wait(Exchange& exchange) {
    Answering answering(exchange);
    co_await answering.run();
    co_return Step::answered;
}

}  // namespace tidegate::pipeline
