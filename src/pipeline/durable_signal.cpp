#include "pipeline/durable_signal.h"

#include <boost/asio/post.hpp>

namespace tidegate::pipeline {

DurableSignal::DurableSignal(async::Executor executor)
    : executor_(executor), wake_(executor, std::chrono::steady_clock::time_point::max()) {}

void DurableSignal::set(bool durable) {
    boost::asio::post(executor_, [self = shared_from_this(), durable] {
        self->durable_ = durable;
        self->wake_.cancel();
    });
}

async::Task<bool> DurableSignal::wait() {
    // The log answers in every case, also when it is closed: this wait needs no deadline of its own.
    while (!durable_) co_await wake_.async_wait(async::as_tuple);
    co_return *durable_;
}

}  // namespace tidegate::pipeline
