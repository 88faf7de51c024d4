// What the client gets when no entry of the chain could answer.
#pragma once

#include <tidegate/calls/attempt.h>

#include <span>

namespace tidegate::pipeline {

class Exchange;

// The last attempt sets status and code; the message names every attempt with its reason, so that the first
// error is not lost when the fallback failed as well.
void refuse_after(Exchange& exchange, const calls::AttemptResult& last);

// Ends a stream of which the client has content already: an error event, never a silent end.
void break_off(Exchange& exchange, const calls::AttemptResult& result);

}  // namespace tidegate::pipeline
