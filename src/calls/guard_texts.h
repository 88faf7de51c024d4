// Guardrails on what is sent to a provider, and on whole answers. Streams: guarded_stream.h.
#pragma once

#include <tidegate/async/cancellation.h>
#include <tidegate/async/task.h>
#include <tidegate/base/clock.h>
#include <tidegate/calls/worker.h>
#include <tidegate/dialect/format.h>
#include <tidegate/dialect/request_view.h>
#include <tidegate/dialect/request_writer.h>
#include <tidegate/guardrails/guardrail.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::calls {

using GuardrailList = std::vector<std::shared_ptr<const guardrails::Guardrail>>;

// What the guardrails want done.
enum class GuardVerdict {
    ok,        // it may go, redacted where that was asked for
    fallback,  // the next entry of the chain; the caller takes it for `block` after it has released content
    block,
    cancelled,  // nobody waits any more: only while a remote check was asked
};

struct GuardOutcome {
    GuardVerdict verdict = GuardVerdict::ok;
    std::string message;  // which guardrail and category; one line for the client, never what matched
    std::vector<guardrails::Trip> trips;  // one for each guardrail and category, with the action taken
};

// Whose texts they are, and how long remote checks may take. Everything it points to outlives the call.
struct GuardContext {
    Worker& worker;
    std::string_view feature;
    std::string_view call_id;
    SteadyTime deadline{};
    async::Cancellation& cancellation;
    ledger::Account* payer = nullptr;  // of the attempt; null: nobody in particular
};

// Whether any of them looks at that direction. If not, there is nothing to call below.
bool guards(const GuardrailList& guardrails, guardrails::Direction direction);

// Whether the guardrails find nothing in the texts of the client's request, or of a prompt, as they stand. Of
// a request false, too, where one of them asks somebody else, or a text cannot be read for certain.
bool finds_nothing(const GuardrailList& guardrails, const dialect::RequestView& request);
bool finds_nothing(const GuardrailList& guardrails, std::span<const dialect::PromptMessage> prompt);

// Checks all texts of `body`, a request as it is sent in whatever format, and redacts them in it. `body` is as
// it was unless the verdict is ok.
async::Task<GuardOutcome> guard_request(const GuardContext& context, const GuardrailList& guardrails,
                                        dialect::Operation operation, std::string& body);

// The same for a whole chat answer in the client's format. Tool arguments are blocked, not redacted. Where a
// guardrail may redact, block or fall back, log-probabilities are left out: they hold the answer once more.
async::Task<GuardOutcome> guard_answer(const GuardContext& context, const GuardrailList& guardrails,
                                       dialect::Format format, std::string& body);

}  // namespace tidegate::calls
