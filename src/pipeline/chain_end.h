// How an exchange ends, once it is clear what of.
#pragma once

#include <tidegate/calls/attempt.h>

#include <span>

namespace tidegate::pipeline {

class Exchange;

// The variant's answer: whole, or the last events of a stream that has begun.
void deliver_whole(Exchange& exchange, calls::AttemptResult& result);

// The provider's own words about what is wrong with the request.
void reject(Exchange& exchange, calls::AttemptResult& result);

// The client has left, or the gateway is shutting down.
void stop_cancelled(Exchange& exchange, const calls::AttemptResult& result);

// The last attempt sets status and code; the message names every attempt with its reason, so that the first
// error is not lost when the fallback failed as well.
void refuse_after(Exchange& exchange, const calls::AttemptResult& last);

// Nothing that the budget still pays for could answer, or (`last` says when to ask again) what is left of it
// could not be found out in time.
void refuse_for_budget(Exchange& exchange, const calls::AttemptResult& last);

// Ends a stream of which the client has content already: an error event, never a silent end.
void break_off(Exchange& exchange, const calls::AttemptResult& result);

}  // namespace tidegate::pipeline
