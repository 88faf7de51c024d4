#include "calls/settle.h"

#include <tidegate/ledger/price.h>

#include <algorithm>

namespace tidegate::calls {
namespace {

constexpr std::int64_t kToolTokens = 512;

dialect::Usage bounds_of(const AttemptRequest& attempt, std::int64_t output_limit, const Spent& spent) {
    const Model& model = *attempt.variant.model;
    dialect::Usage usage;
    usage.input = static_cast<std::int64_t>(spent.body_bytes) + (attempt.request.has_tools() ? kToolTokens : 0);
    if (attempt.request.unbounded_input())
        usage.input = std::max(usage.input, model.context);
    const std::int64_t most = output_limit * attempt.request.answers();
    usage.output =
        spent.answering ? std::min<std::int64_t>(static_cast<std::int64_t>(spent.answer_bytes), most) : most;
    return usage;
}

}  // namespace

void settle(const AttemptRequest& attempt, std::int64_t output_limit, const Spent& spent,
            events::Attempt& record) {
    if (!spent.sent_whole || spent.error_answer)
        return;
    const Model& model = *attempt.variant.model;
    const dialect::Usage usage = spent.usage.reported ? spent.usage : bounds_of(attempt, output_limit, spent);
    const auto kind = spent.usage.reported ? events::UsageKind::reported : events::UsageKind::bounded;
    record.usage += usage;
    record.usage_kind = std::max(record.usage_kind, kind);
    record.cost += ledger::cost_of(model.price, usage);
    record.price_hash = model.price_hash;
}

}  // namespace tidegate::calls
