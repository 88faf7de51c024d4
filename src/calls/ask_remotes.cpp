#include "calls/ask_remotes.h"

#include <tidegate/base/log.h>

#include <algorithm>

namespace tidegate::calls {
namespace {

using guardrails::Action;
using guardrails::Guardrail;

bool is_asked(const Guardrail& guardrail, guardrails::Direction direction) {
    return guardrail.remote && guardrail.action(direction) != Action::off;
}

// No place is known, so that nothing can be redacted.
Action without_place(Action action) {
    return action == Action::redact ? Action::block : action;
}

}  // namespace

bool acts_on_stream(const Guardrail& guardrail) {
    return guardrail.output > Action::record && guardrail.stream != guardrails::StreamMode::observe;
}

bool asks_remotes(const GuardrailList& guardrails, guardrails::Direction direction) {
    return std::any_of(guardrails.begin(), guardrails.end(),
                       [&](const auto& guardrail) { return is_asked(*guardrail, direction); });
}

async::Task<bool> ask_remotes(const GuardContext& context, const GuardrailList& guardrails,
                              guardrails::Direction direction, const RemoteTexts& texts, RemoteUse use,
                              Trips& trips) {
    for (const auto& guardrail : guardrails) {
        const std::string& text = guardrail->text_only ? texts.text_only : texts.all;
        if (!is_asked(*guardrail, direction) || text.empty())
            continue;
        const bool acts = use == RemoteUse::whole ? guardrail->action(direction) > Action::record
                                                  : acts_on_stream(*guardrail);
        guardrails::Question question;
        question.text = text;
        question.direction = direction;
        question.feature = context.feature;
        question.call_id = context.call_id;
        question.payer = context.payer;
        question.deadline = context.deadline;
        const auto answer = co_await guardrail->remote->ask(context.worker.io, question, context.cancellation);
        if (context.cancellation.cancelled())
            co_return false;
        if (!answer) {
            log::warn("guardrails", "guardrail {} could not be asked: {}", guardrail->name,
                      answer.error().text());
            trips.add(*guardrail, "unavailable", acts ? without_place(guardrail->on_failure) : Action::record);
        } else {
            for (const std::string& category : *answer) {
                trips.add(*guardrail, category,
                          acts ? without_place(guardrail->action(direction)) : Action::record);
            }
        }
        if (trips.verdict() != GuardVerdict::ok)
            co_return true;
    }
    co_return true;
}

}  // namespace tidegate::calls
