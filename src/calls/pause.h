// A short wait that ends at once when nobody wants its outcome any more.
#pragma once

#include <tidegate/async/cancellation.h>
#include <tidegate/async/io_threads.h>

namespace tidegate::calls {

async::Task<void> pause(async::IoThread& io, Duration wait, async::Cancellation& cancellation);

}  // namespace tidegate::calls
