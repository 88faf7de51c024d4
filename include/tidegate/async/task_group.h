// Owns coroutines: nothing is detached, nothing ends unseen.
#pragma once

#include <tidegate/async/task.h>

#include <cstddef>
#include <string_view>

#include <boost/asio/steady_timer.hpp>

namespace tidegate::async {

// Belongs to one I/O thread, apart from `size`. Must be empty, or its io_context gone, when it is destroyed.
class TaskGroup {
  public:
    TaskGroup(Executor executor, std::string_view module);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    // Starts `task` on the group's thread. An exception that escapes it is a bug: it is logged and ends that
    // task alone.
    void spawn(Task<> task);
    // Tasks that have not ended.
    std::size_t size() const { return running_; }
    // Returns once the group is empty, or false at `deadline`.
    Task<bool> wait_until_empty(std::chrono::steady_clock::time_point deadline);

  private:
    void ended(std::exception_ptr failure);

    Executor executor_;
    std::string_view module_;
    std::size_t running_ = 0;
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               Executor>
        emptied_;
};

}  // namespace tidegate::async
