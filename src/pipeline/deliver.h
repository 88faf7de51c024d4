// The last bytes of an exchange on their way to the client.
#pragma once

#include <tidegate/async/task.h>

namespace tidegate::pipeline {

class Exchange;

// Sends the exchange's outgoing answer, or the end of its stream. A client that cannot be reached any more
// makes the outcome `cancelled`, if nothing else came before. Sends nothing when there is nothing to send.
async::Task<void> deliver(Exchange& exchange);

}  // namespace tidegate::pipeline
