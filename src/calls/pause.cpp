#include "calls/pause.h"

#include <boost/asio/steady_timer.hpp>

namespace tidegate::calls {

async::Task<void> pause(async::IoThread& io, Duration wait, async::Cancellation& cancellation) {
    boost::asio::steady_timer timer(io.context());
    timer.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(wait));
    const async::Cancellation::Listener listener(cancellation,
                                                 [&timer](async::CancelReason) { timer.cancel(); });
    if (cancellation.cancelled())
        co_return;
    co_await timer.async_wait(async::as_tuple);
}

}  // namespace tidegate::calls
