// Lets a request wait for its record to reach the disk.
#pragma once

#include <tidegate/async/task.h>
#include <tidegate/base/clock.h>

#include <memory>
#include <optional>

#include <boost/asio/steady_timer.hpp>

namespace tidegate::pipeline {

// Shared by the waiting request and the log's callback, because either may end first.
class DurableSignal : public std::enable_shared_from_this<DurableSignal> {
  public:
    explicit DurableSignal(async::Executor executor);
    // Any thread, once.
    void set(bool durable);
    // The request's thread. False if the record will never be on disk, or is not there after `patience`.
    async::Task<bool> wait(Duration patience);

  private:
    async::Executor executor_;
    std::optional<bool> durable_;
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, async::Executor>
        wake_;
};

}  // namespace tidegate::pipeline
