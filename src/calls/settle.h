// What a try may have cost, from what is known of it.
#pragma once

#include "calls/hold.h"

#include <tidegate/calls/variant.h>
#include <tidegate/dialect/usage.h>
#include <tidegate/events/call_record.h>

#include <cstddef>
#include <cstdint>

namespace tidegate::calls {

// How far a try came, as far as money is concerned.
struct Spent {
    bool sent_whole = false;         // the provider has the whole request
    bool error_answer = false;       // and answered with a complete error: nothing is charged
    std::uint64_t answer_bytes = 0;  // received of a successful answer
    bool answering = false;          // a successful answer had begun
    dialect::Usage usage;            // if `reported`, what the provider says
};

// Adds a try to the attempt's record: the reported usage, or what is held for it: the input at its bound, and
// for the output one token a byte received, or the whole limit if no answer came.
void settle(const Model& model, const Hold& hold, const Spent& spent, events::Attempt& record);

}  // namespace tidegate::calls
