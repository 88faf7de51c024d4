// What is set aside for an attempt while it may cost something: its worst case in the accounts, and the tokens
// of its access key's minute.
#pragma once

#include "calls/attempt_state.h"

#include <tidegate/async/task.h>
#include <tidegate/base/result.h>
#include <tidegate/dialect/usage.h>
#include <tidegate/ledger/bounds.h>
#include <tidegate/ledger/reservation.h>

#include <cstdint>

namespace tidegate::calls {

struct Hold {
    ledger::Bound bound;
    // False: nothing bounds the cost, which only accounts without a ceiling let pass; the tokens are right.
    bool priced = true;
    ledger::Reservation money;
    std::int64_t key_tokens = 0;
};

// Before the first try, in this order; only accounts make it wait. False: the attempt has failed, and nothing
// is held.
bool bound_worst_case(AttemptState& state, Hold& hold);
async::Task<bool> reserve_worst_case(AttemptState& state, Hold& hold);

// Before a second try, when the first may have cost something. False: there is no room for it.
bool hold_again(AttemptState& state, Hold& hold);

// When the attempt's cost is on its record: what was not needed is free again.
void settle_hold(AttemptState& state, Hold& hold);

}  // namespace tidegate::calls
