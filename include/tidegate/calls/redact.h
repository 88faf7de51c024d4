// What records may hold of a call whose variants have guardrails.
#pragma once

#include <tidegate/dialect/format.h>
#include <tidegate/events/content.h>
#include <tidegate/guardrails/guardrail.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::calls {

// Which guardrails redact a record.
enum class RecordScope {
    matched,  // `records.content: full`: what an input guardrail matched and what an output one redacts
    all,      // `records.content: redacted`: what any of them matches, whatever its action
};

using GuardrailSpan = std::span<const std::shared_ptr<const guardrails::Guardrail>>;

// `body`, a client's request (valid by RequestView; with its member `tidegate`), without what the guardrails
// match. `trips` of the call tell which remote checks tripped: they know no place, so all texts go. Empty if
// the body cannot be read.
std::string redacted_request(dialect::Operation operation, std::string_view body, GuardrailSpan guardrails,
                             std::span<const guardrails::Trip> trips, RecordScope scope);

// The same for a text by itself, such as one of the member `tidegate.context`.
std::string redacted_text(std::string_view text, GuardrailSpan guardrails, RecordScope scope);

// The same for what a provider sent. Of a stream that was cut what can be read is kept; a whole answer that was
// cut cannot be read: nothing of it is kept, only its size.
events::Content redacted_answer(events::Content answer, dialect::Format format, GuardrailSpan guardrails,
                                std::span<const guardrails::Trip> trips, RecordScope scope);

}  // namespace tidegate::calls
