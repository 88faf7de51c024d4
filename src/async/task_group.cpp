#include <tidegate/async/task_group.h>
#include <tidegate/base/log.h>

#include <boost/asio/co_spawn.hpp>

namespace tidegate::async {

TaskGroup::TaskGroup(Executor executor, std::string_view module)
    : executor_(executor), module_(module), emptied_(executor) {}

void TaskGroup::spawn(Task<> task) {
    ++running_;
    asio::co_spawn(executor_, std::move(task),
                   [this](std::exception_ptr failure) { ended(std::move(failure)); });
}

void TaskGroup::ended(std::exception_ptr failure) {
    --running_;
    if (running_ == 0)
        emptied_.cancel();
    if (!failure)
        return;
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& exception) {
        log::error(module_, "a task ended with an exception: {}", exception.what());
    }
}

Task<bool> TaskGroup::wait_until_empty(std::chrono::steady_clock::time_point deadline) {
    if (running_ == 0)
        co_return true;
    emptied_.expires_at(deadline);
    co_await emptied_.async_wait(as_tuple);
    co_return running_ == 0;
}

}  // namespace tidegate::async
