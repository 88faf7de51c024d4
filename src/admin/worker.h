// One thread for what would block the admin thread: reading files, waiting for a reload.
#pragma once

#include <tidegate/async/io_threads.h>
#include <tidegate/base/log.h>
#include <tidegate/base/result.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tidegate::admin {

class Worker {
  public:
    // At most `capacity` questions wait; `name` is the thread's.
    Worker(std::string name, std::size_t capacity);
    // Answers what waits, then joins.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Runs `question` here and comes back to `thread` with its answer. `overloaded` if too many wait; an
    // exception is `internal`. `thread` must run as long as the worker.
    template <class T>
    async::Task<Result<T>> ask(async::IoThread& thread, std::function<Result<T>()> question);

  private:
    using Job = std::function<void()>;
    bool submit(Job job);
    void run();

    std::string name_;
    std::size_t capacity_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> jobs_;
    bool stopping_ = false;
    std::thread thread_;  // last: it uses the others
};

template <class T>
async::Task<Result<T>> Worker::ask(async::IoThread& thread, std::function<Result<T>()> question) {
    using Timer =
        boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                          boost::asio::wait_traits<std::chrono::steady_clock>, async::Executor>;
    struct Wait {
        explicit Wait(async::Executor executor) : answered(executor, Timer::time_point::max()) {}
        Timer answered;  // never expires, is cancelled
        bool has_answer = false;
        Result<T> answer = Error{};  // once there is one
    };
    auto wait = std::make_shared<Wait>(thread.executor());
    Job job = [wait, question = std::move(question), executor = thread.executor()]() mutable {
        Result<T> answer = Error{};
        try {
            answer = question();
        } catch (const std::exception& exception) {
            answer = Error{.message = exception.what()};
        }
        // The wait goes along: its timer must be destroyed on its own thread.
        boost::asio::post(executor, [wait = std::move(wait), answer = std::move(answer)]() mutable {
            wait->answer = std::move(answer);
            wait->has_answer = true;
            wait->answered.cancel();
        });
    };
    if (!submit(std::move(job)))
        co_return Error{.kind = ErrorKind::overloaded, .message = "too many questions wait", .retryable = true};
    while (!wait->has_answer) co_await wait->answered.async_wait(async::as_tuple);
    co_return std::move(wait->answer);
}

}  // namespace tidegate::admin
