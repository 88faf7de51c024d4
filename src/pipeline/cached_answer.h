// Answers that were made for another call.
#pragma once

#include <tidegate/async/task.h>
#include <tidegate/cache/entry.h>

#include <string>

namespace tidegate::pipeline {

class Exchange;

// Makes the whole entry the exchange's answer, without an outcome.
void answer_with_entry(Exchange& exchange, const cache::Entry& entry);
// Says on the exchange who answered the call that the entry was made for, and what its guardrails have found.
void name_origin(Exchange& exchange, const cache::Origin& origin);
// The line that says what the exchange's own attempts have cost, which is nothing where there was none.
std::string cost_line(const Exchange& exchange);

// The budget's last resort: an answer of the decided variant that is still held, however old. False if there is
// none, if the feature has no cache, or if the client wants none of it. The caller settles the outcome.
async::Task<bool> answer_with_stale(Exchange& exchange);

}  // namespace tidegate::pipeline
