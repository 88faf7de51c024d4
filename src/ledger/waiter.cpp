#include "ledger/waiter.h"

#include <utility>

#include <boost/asio/post.hpp>

namespace tidegate::ledger {

Waiter::Waiter(async::IoThread& io, NanoDollars amount)
    : io_(io), amount_(amount), wake_(io.executor(), std::chrono::steady_clock::time_point::max()) {}

void Waiter::finish(Outcome outcome, LocalLease* lease) {
    outcome_ = outcome;
    lease_ = lease;
    boost::asio::post(io_.executor(), [self = shared_from_this()] {
        self->woken_ = true;
        self->wake_.cancel();
    });
}

LocalLease* Waiter::take_lease() {
    return std::exchange(lease_, nullptr);
}

async::Task<void> Waiter::wait(SteadyTime until, async::Cancellation& cancellation) {
    const auto wake = [this] {
        woken_ = true;
        wake_.cancel();
    };
    async::TimerWheel::Entry deadline(io_.wheel(), wake);
    deadline.arm(until);
    const async::Cancellation::Listener listener(cancellation, [&wake](async::CancelReason) { wake(); });
    while (!woken_) co_await wake_.async_wait(async::as_tuple);
}

}  // namespace tidegate::ledger
