// The end of a stream whose last event has come, so that its connection can be used again.
#pragma once

#include <tidegate/async/io_threads.h>
#include <tidegate/upstream/response.h>

#include <memory>

namespace tidegate::calls {

// Reads what is left of the body, in a task of the thread, for at most a second: nobody waits for it. A
// response that failed or has more to say than that is closed.
void drain(async::IoThread& io, std::unique_ptr<upstream::Response> response);

}  // namespace tidegate::calls
