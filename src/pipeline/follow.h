// A request that waits for the answer of the same request, made at the same time.
#pragma once

#include <tidegate/async/task.h>
#include <tidegate/cache/flights.h>

namespace tidegate::pipeline {

class Exchange;

// Sends the leader's answer to this exchange's client, a stream as it comes. Ends with an answer, with the
// exchange's own deadline, or when its client leaves: true. False if the leader failed while nothing was sent
// here: the exchange may lead itself.
async::Task<bool> follow(Exchange& exchange, cache::Follower& follower);

}  // namespace tidegate::pipeline
