// The I/O threads: one event loop each, nothing shared.
#pragma once

#include <tidegate/async/task.h>
#include <tidegate/async/task_group.h>
#include <tidegate/async/timer_wheel.h>
#include <tidegate/base/clock.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tidegate::async {

// One event loop on one thread, with its timer wheel and its tasks. Everything made on it stays on it.
class IoThread {
  public:
    IoThread(std::string name, std::size_t index, const Clock& clock);
    ~IoThread();
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    // Starts the thread. What must exist on it is set up before, or posted.
    void start();
    // Lets the loop end when its handlers have returned, and joins. Any thread but this one.
    void stop();

    asio::io_context& context() { return context_; }
    Executor executor() { return context_.get_executor(); }
    TimerWheel& wheel() { return wheel_; }
    TaskGroup& tasks() { return tasks_; }
    const Clock& clock() const { return clock_; }
    std::size_t index() const { return index_; }
    // True on the thread itself.
    bool is_current() const { return std::this_thread::get_id() == thread_.get_id(); }
    // Runs `function` on the thread and returns when it has. Not from the thread itself; `start` must have been
    // called.
    void run_and_wait(std::function<void()> function);

  private:
    void tick();

    const Clock& clock_;
    std::string name_;
    std::size_t index_;
    // The wheel outlives the context: frames destroyed with the context still hold entries.
    TimerWheel wheel_;
    asio::io_context context_{1};
    TaskGroup tasks_;
    asio::steady_timer ticker_;
    asio::executor_work_guard<Executor> work_;
    std::thread thread_;
};

// How many I/O threads `threads: auto` means: the control group's CPU quota rounded up, else the usable cores.
std::size_t usable_cpus();

}  // namespace tidegate::async
