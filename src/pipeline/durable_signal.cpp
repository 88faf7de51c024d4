#include "pipeline/durable_signal.h"

#include <boost/asio/post.hpp>

namespace tidegate::pipeline {

DurableSignal::DurableSignal(async::Executor executor) : executor_(executor), wake_(executor) {}

void DurableSignal::set(bool durable) {
    boost::asio::post(executor_, [self = shared_from_this(), durable] {
        self->durable_ = durable;
        self->wake_.cancel();
    });
}

async::Task<bool> DurableSignal::wait(Duration patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    wake_.expires_at(end);
    while (!durable_ && std::chrono::steady_clock::now() < end) co_await wake_.async_wait(async::as_tuple);
    co_return durable_.value_or(false);
}

}  // namespace tidegate::pipeline
