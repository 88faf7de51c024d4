#include "calls/settle.h"

#include <tidegate/ledger/price.h>

#include <algorithm>

namespace tidegate::calls {
namespace {

std::int64_t output_of(const Hold& hold, const Spent& spent) {
    if (!spent.answering)
        return hold.bound.output_tokens;
    const auto most = static_cast<std::uint64_t>(hold.bound.output_tokens);
    return static_cast<std::int64_t>(std::min(spent.answer_bytes, most));
}

void add_bounds(const Model& model, const Hold& hold, const Spent& spent, events::Attempt& record) {
    dialect::Usage usage;
    usage.input = hold.bound.input_tokens;
    usage.output = output_of(hold, spent);
    record.usage += usage;
    record.usage_kind = std::max(record.usage_kind, events::UsageKind::bounded);
    if (!hold.priced) {
        record.cost += ledger::cost_of(model.price, usage);
    } else {
        record.cost += spent.answering ? hold.bound.cost_of_cut(spent.answer_bytes) : hold.bound.cost;
    }
}

}  // namespace

void settle(const Model& model, const Hold& hold, const Spent& spent, events::Attempt& record) {
    if (!spent.sent_whole || spent.error_answer)
        return;
    record.price_hash = model.price_hash;
    if (!spent.usage.reported) {
        add_bounds(model, hold, spent, record);
        return;
    }
    record.usage += spent.usage;
    record.usage_kind = std::max(record.usage_kind, events::UsageKind::reported);
    record.cost += ledger::cost_of(model.price, spent.usage);
}

}  // namespace tidegate::calls
