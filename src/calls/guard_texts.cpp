#include "calls/guard_texts.h"

#include "calls/ask_remotes.h"
#include "calls/body_redaction.h"
#include "calls/trips.h"

#include <tidegate/dialect/answer.h>
#include <tidegate/dialect/texts.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::calls {
namespace {

using dialect::BodyText;
using dialect::TextKind;
using guardrails::Action;
using guardrails::Direction;

class BodyGuard {
  public:
    BodyGuard(const GuardContext& context, const GuardrailList& guardrails, Direction direction,
              std::string& body)
        : context_(context), guardrails_(guardrails), direction_(direction), body_(body), trips_(direction) {}

    async::Task<GuardOutcome> run(Result<std::vector<BodyText>> texts) {
        if (!texts) {
            trips_.block(fmt::format("The guardrails cannot read the {}: {}.",
                                     direction_ == Direction::input ? "request" : "answer",
                                     texts.error().message));
            co_return trips_.outcome();
        }
        for (const BodyText& text : *texts) check(text);
        if (trips_.verdict() == GuardVerdict::ok && asks_remotes(guardrails_, direction_)) {
            const bool asked =
                co_await ask_remotes(context_, guardrails_, direction_, remote_, RemoteUse::whole, trips_);
            if (!asked)
                co_return GuardOutcome{GuardVerdict::cancelled, {}, trips_.take()};
        }
        if (trips_.verdict() == GuardVerdict::ok)
            rewrite();
        co_return trips_.outcome();
    }

  private:
    void check(const BodyText& text) {
        const SeenText seen(text);
        guardrails::Redactions redactions;
        for (std::size_t rank = 0; rank < guardrails_.size(); ++rank) {
            const guardrails::Guardrail& guardrail = *guardrails_[rank];
            if (guardrail.action(direction_) == Action::off || !seen.concerns(guardrail))
                continue;
            matches_.clear();
            guardrail.text->find(seen.text(), matches_);
            const Action action = action_on(guardrail, seen);
            for (const guardrails::Match& match : matches_) {
                trips_.add(guardrail, match.category, action);
                if (action == Action::redact)
                    redactions.add({match.begin, match.end, std::string(match.category), rank});
            }
        }
        keep_for_remotes(text, seen, redactions);
        if (redactions.empty())
            return;
        if (auto edit = seen.edit(redactions)) {
            edits_.push_back(std::move(*edit));
        } else {
            trips_.block(
                "The arguments of a tool call hold what the guardrails redact, outside of its strings.");
        }
    }

    Action action_on(const guardrails::Guardrail& guardrail, const SeenText& seen) const {
        const Action action = guardrail.action(direction_);
        const bool fixed = direction_ == Direction::output && seen.is_arguments();
        return fixed && action == Action::redact ? Action::block : action;
    }

    void keep_for_remotes(const BodyText& text, const SeenText& seen,
                          const guardrails::Redactions& redactions) {
        if (text.kind == TextKind::identifier || !asks_remotes(guardrails_, direction_))
            return;
        const std::string said = seen.redacted(redactions);
        if (said.empty())
            return;
        remote_.all.append(remote_.all.empty() ? "" : "\n\n").append(said);
        if (text.kind == TextKind::text)
            remote_.text_only.append(remote_.text_only.empty() ? "" : "\n\n").append(said);
    }

    void rewrite() {
        if (edits_.empty())
            return;
        std::string written;
        written.reserve(body_.size() + dialect::kBodyPadding);
        dialect::write_edited(body_, edits_, written);
        body_ = std::move(written);
    }

    const GuardContext& context_;
    const GuardrailList& guardrails_;
    Direction direction_;
    std::string& body_;
    Trips trips_;
    std::vector<guardrails::Match> matches_;
    std::vector<dialect::TextEdit> edits_;
    RemoteTexts remote_;
};

// Whether no guardrail that looks at requests matches; the first match ends the search.
bool is_clean(const GuardrailList& guardrails, const BodyText& text, std::vector<guardrails::Match>& matches) {
    const SeenText seen(text);
    for (const auto& guardrail : guardrails) {
        if (guardrail->input != Action::off && seen.concerns(*guardrail))
            guardrail->text->find(seen.text(), matches);
        if (!matches.empty())
            return false;
    }
    return true;
}

bool may_change(const GuardrailList& guardrails) {
    return std::any_of(guardrails.begin(), guardrails.end(),
                       [](const auto& guardrail) { return guardrail->output > Action::record; });
}

}  // namespace

bool guards(const GuardrailList& guardrails, Direction direction) {
    return std::any_of(guardrails.begin(), guardrails.end(),
                       [&](const auto& guardrail) { return guardrail->action(direction) != Action::off; });
}

bool finds_nothing(const GuardrailList& guardrails, const dialect::RequestView& request) {
    if (asks_remotes(guardrails, Direction::input))
        return false;
    const auto texts = dialect::request_texts(request);
    std::vector<guardrails::Match> matches;
    return texts && std::all_of(texts->begin(), texts->end(),
                                [&](const BodyText& text) { return is_clean(guardrails, text, matches); });
}

bool finds_nothing(const GuardrailList& guardrails, std::span<const dialect::PromptMessage> prompt) {
    std::vector<guardrails::Match> matches;
    return std::all_of(prompt.begin(), prompt.end(), [&](const dialect::PromptMessage& message) {
        return is_clean(guardrails, {.text = message.text}, matches);
    });
}

async::Task<GuardOutcome> guard_request(const GuardContext& context, const GuardrailList& guardrails,
                                        dialect::Operation operation, std::string& body) {
    pad(body);
    auto parser = context.worker.parsers.borrow();
    BodyGuard guard(context, guardrails, Direction::input, body);
    auto texts = dialect::request_texts(operation, body, *parser);
    auto outcome = co_await guard.run(std::move(texts));
    co_return outcome;
}

async::Task<GuardOutcome> guard_answer(const GuardContext& context, const GuardrailList& guardrails,
                                       dialect::Format format, std::string& body) {
    pad(body);
    auto parser = context.worker.parsers.borrow();
    std::string stripped;
    std::string& checked =
        may_change(guardrails) && dialect::strip_logprobs(body, *parser, stripped) ? stripped : body;
    pad(checked);
    BodyGuard guard(context, guardrails, Direction::output, checked);
    auto texts = dialect::answer_texts(format, checked, *parser);
    auto outcome = co_await guard.run(std::move(texts));
    if (outcome.verdict == GuardVerdict::ok && &checked != &body)
        body = std::move(stripped);
    co_return outcome;
}

}  // namespace tidegate::calls
