#include "pipeline/stages/shadow.h"

#include "pipeline/shadow_copy.h"

#include <tidegate/base/log.h>
#include <tidegate/flags/decide.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

namespace tidegate::pipeline {
namespace {

// The sample has nothing to do with how users are dealt to variants.
constexpr std::string_view kSalt = "shadow ";

void add_copy(Exchange& exchange, std::size_t variant, events::ShadowRole role) {
    auto admission =
        exchange.thread.shadow.admit(*exchange.feature, variant, exchange.view.carries_provider_state());
    if (!admission)
        return;
    ShadowCopy copy = copy_request(exchange, variant, role);
    describe_live(exchange, copy);
    copy.place = std::move(admission.place);
    exchange.shadow.copies.push_back(std::move(copy));
}

bool is_worth_comparing(const Exchange& exchange) {
    return exchange.settled() && exchange.outcome() == events::Outcome::ok &&
           exchange.answered_by == exchange.variant && exchange.outgoing && !exchange.attempts.empty();
}

}  // namespace

// One bucket decides both samples, so that noise and disagreement are seen on the same calls.
Step ShadowStage::enter(Exchange& exchange) {
    const ShadowOptions* options = exchange.feature->shadow.get();
    // A canary's users get the candidate already.
    if (options == nullptr || exchange.decision.index == options->candidate)
        return Step::next;
    const int bucket = flags::bucket_of(flags::hash_unit(kSalt, exchange.id_text));
    exchange.shadow.candidate = bucket < options->sample;
    exchange.shadow.noise = bucket < options->noise_sample;
    return Step::next;
}

void ShadowStage::complete(Exchange& exchange) noexcept try {
    if (!exchange.shadow.sampled() || !is_worth_comparing(exchange))
        return;
    if (exchange.shadow.candidate)
        add_copy(exchange, exchange.feature->shadow->candidate, events::ShadowRole::candidate);
    if (exchange.shadow.noise)
        add_copy(exchange, exchange.decision.index, events::ShadowRole::noise);
} catch (const std::exception& exception) {
    log::error("shadow", "call {} could not be copied: {}", exchange.id_text, exception.what());
}

void start_shadows(Exchange& exchange) {
    // What was held back for want of a record is no answer either.
    if (!exchange.delivered || !exchange.error_code().empty())
        return;
    for (ShadowCopy& copy : exchange.shadow.copies) exchange.thread.shadow.start(std::move(copy));
    exchange.shadow.copies.clear();
}

}  // namespace tidegate::pipeline
