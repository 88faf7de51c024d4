#include "pipeline/shadow_baseline.h"

#include "pipeline/shadow_copy.h"

#include <tidegate/base/text.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

#include <fmt/format.h>

namespace tidegate::pipeline {
namespace {

void refuse(Exchange& exchange, std::string_view message) {
    exchange.refuse(events::Outcome::client_error, 400, "invalid_request", message);
}

// Whether the run was taken on is no matter of the caller's, who must not send again: 202 in either case.
void accept(Exchange& exchange, ShadowOutcome outcome) {
    const bool accepted = outcome == ShadowOutcome::ok;
    std::string body =
        fmt::format(R"({{"id":"{}","object":"shadow","accepted":{})", exchange.id_text, accepted);
    if (!accepted)
        body += fmt::format(R"(,"reason":"{}")", to_string(outcome));
    Outgoing answer;
    answer.status = 202;
    answer.body = body + "}\n";
    exchange.outgoing = std::move(answer);
}

}  // namespace

void take_baseline(Exchange& exchange) {
    const Feature& feature = *exchange.feature;
    if (feature.shadow == nullptr) {
        refuse(exchange,
               fmt::format("The feature {} has no shadow lane: configure its `shadow`.", feature.name));
        return;
    }
    const auto baseline = exchange.view.baseline();
    if (!baseline) {
        refuse(exchange, "Say what the existing system answered: tidegate.baseline, a text.");
        return;
    }
    const std::size_t candidate = feature.shadow->candidate;
    auto admission = exchange.thread.shadow.admit(feature, candidate, exchange.view.carries_provider_state());
    accept(exchange, admission.outcome);
    if (!admission)
        return;
    ShadowCopy copy = copy_request(exchange, candidate, events::ShadowRole::baseline);
    copy.id = exchange.id;
    copy.live_answer.append(*baseline);
    copy.live_answer.format = "text";
    copy.place = std::move(admission.place);
    exchange.shadow.copies.push_back(std::move(copy));
}

}  // namespace tidegate::pipeline
