#include "calls/body_redaction.h"
#include "calls/guarded_events.h"

#include <tidegate/base/text.h>
#include <tidegate/calls/redact.h>
#include <tidegate/dialect/answer.h>
#include <tidegate/dialect/texts.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace tidegate::calls {
namespace {

using dialect::BodyText;
using guardrails::Action;
using guardrails::Direction;
using guardrails::Guardrail;

constexpr std::size_t kLargestStream = 256U << 20U;

// What the model was never shown cannot come back in its answer; what was only recorded can.
bool redacts(const Guardrail& guardrail, Direction direction, RecordScope scope) {
    if (scope == RecordScope::all)
        return !guardrail.text_only;
    if (direction == Direction::input)
        return guardrail.input != Action::off;
    return guardrail.output == Action::redact || guardrail.input == Action::record;
}

// The guardrail of a trip that knew no place, so that all texts go; nullptr if there is none.
const guardrails::Trip* find_placeless(GuardrailSpan guardrails, std::span<const guardrails::Trip> trips,
                                       Direction direction, RecordScope scope) {
    const auto remote = [&](const guardrails::Trip& trip) {
        return std::any_of(guardrails.begin(), guardrails.end(), [&](const auto& guardrail) {
            return guardrail->name == trip.guardrail && guardrail->remote &&
                   redacts(*guardrail, direction, scope);
        });
    };
    const auto found = std::find_if(trips.begin(), trips.end(), [&](const guardrails::Trip& trip) {
        return trip.direction == direction && trip.category != "unavailable" && remote(trip);
    });
    return found == trips.end() ? nullptr : &*found;
}

guardrails::Redactions find_all(std::string_view text, GuardrailSpan guardrails, const SeenText* seen,
                                Direction direction, RecordScope scope) {
    guardrails::Redactions redactions;
    std::vector<guardrails::Match> matches;
    for (std::size_t rank = 0; rank < guardrails.size(); ++rank) {
        const Guardrail& guardrail = *guardrails[rank];
        const bool concerned = seen != nullptr ? seen->concerns(guardrail) : guardrail.text != nullptr;
        if (!concerned || !redacts(guardrail, direction, scope))
            continue;
        matches.clear();
        guardrail.text->find(text, matches);
        for (const guardrails::Match& match : matches)
            redactions.add({match.begin, match.end, std::string(match.category), rank});
    }
    return redactions;
}

// The body with its texts redacted; all of each if `placeless` says so.
std::string redact_body(std::string_view body, const std::vector<BodyText>& texts, GuardrailSpan guardrails,
                        const guardrails::Trip* placeless, Direction direction, RecordScope scope) {
    std::vector<dialect::TextEdit> edits;
    for (const BodyText& text : texts) {
        const SeenText seen(text);
        guardrails::Redactions redactions = find_all(seen.text(), guardrails, &seen, direction, scope);
        if (placeless != nullptr)
            redactions.add({0, seen.text().size(), placeless->category, guardrails.size()});
        if (redactions.empty())
            continue;
        auto edit = seen.edit(redactions);
        if (!edit) {
            std::string category;
            redactions.for_each([&](const guardrails::Redactions::Place& place) {
                if (category.empty())
                    category = place.category;
            });
            edit = dialect::TextEdit{text.begin, text.end, json_string("[" + category + "]")};
        }
        edits.push_back(std::move(*edit));
    }
    std::string out;
    dialect::write_edited(body, edits, out);
    return out;
}

// Nothing if it cannot be read, or only be redacted as a whole.
std::optional<std::string> redact_stream(std::string_view raw, dialect::Format format, GuardrailSpan guardrails,
                                         const guardrails::Trip* placeless, RecordScope scope) {
    if (placeless != nullptr)
        return std::nullopt;
    std::vector<StreamRule> rules;
    for (const auto& guardrail : guardrails) {
        if (guardrail->text && redacts(*guardrail, Direction::output, scope))
            rules.push_back({guardrail.get(), Action::redact, true});
    }
    GuardedEventsOptions options;
    options.maximum_held = kLargestStream;
    options.acts = true;
    options.buffer = true;
    options.for_record = true;
    GuardedEvents events(format, std::move(rules), options);
    std::string out;
    if (!events.feed(raw, out) || !events.finish(out))
        return std::nullopt;
    return out;
}

std::optional<std::string> redact_whole(std::string raw, dialect::Format format, GuardrailSpan guardrails,
                                        const guardrails::Trip* placeless, RecordScope scope) {
    dialect::BodyParser parser;
    std::string stripped;
    pad(raw);
    if (dialect::strip_logprobs(raw, parser, stripped)) {
        raw = std::move(stripped);
        pad(raw);
    }
    const auto texts = dialect::answer_texts(format, raw, parser);
    if (!texts)
        return std::nullopt;
    return redact_body(raw, *texts, guardrails, placeless, Direction::output, scope);
}

bool redacts_any(GuardrailSpan guardrails, Direction direction, RecordScope scope) {
    return std::any_of(guardrails.begin(), guardrails.end(),
                       [&](const auto& guardrail) { return redacts(*guardrail, direction, scope); });
}

}  // namespace

std::string redacted_request(dialect::Operation operation, std::string_view body, GuardrailSpan guardrails,
                             std::span<const guardrails::Trip> trips, RecordScope scope) {
    if (!redacts_any(guardrails, Direction::input, scope))
        return std::string(body);
    std::string padded(body);
    pad(padded);
    dialect::BodyParser parser;
    const auto texts = dialect::request_texts(operation, padded, parser);
    if (!texts)
        return {};
    const guardrails::Trip* placeless = find_placeless(guardrails, trips, Direction::input, scope);
    return redact_body(padded, *texts, guardrails, placeless, Direction::input, scope);
}

std::string redacted_text(std::string_view text, GuardrailSpan guardrails, RecordScope scope) {
    return find_all(text, guardrails, nullptr, Direction::input, scope).write_all(text);
}

events::Content redacted_answer(events::Content answer, dialect::Format format, GuardrailSpan guardrails,
                                std::span<const guardrails::Trip> trips, RecordScope scope) {
    if (!redacts_any(guardrails, Direction::output, scope))
        return answer;
    const guardrails::Trip* placeless = find_placeless(guardrails, trips, Direction::output, scope);
    std::optional<std::string> kept = answer.stream
                                          ? redact_stream(answer.bytes(), format, guardrails, placeless, scope)
                                          : redact_whole(answer.bytes(), format, guardrails, placeless, scope);
    const std::uint64_t total = kept && !answer.truncated() ? kept->size() : answer.total();
    events::Content redacted = events::Content::of(std::move(kept).value_or(std::string()), total);
    redacted.format = answer.format;
    redacted.stream = answer.stream;
    return redacted;
}

}  // namespace tidegate::calls
