#include <tidegate/async/io_threads.h>
#include <tidegate/async/task_group.h>

#include <stdexcept>

#include <gtest/gtest.h>

namespace tidegate::async {
namespace {

Task<> fail() {
    throw std::runtime_error("on purpose");
    co_return;
}

Task<> succeed(int* counter) {
    ++*counter;
    co_return;
}

Task<> wait(TaskGroup* group, bool* emptied) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    *emptied = co_await group->wait_until_empty(deadline);
}

TEST(TaskGroup, OutlivesAFailingTaskAndBecomesEmpty) {
    asio::io_context context{1};
    TaskGroup group(context.get_executor(), "test");
    TaskGroup waiter(context.get_executor(), "test");
    int counter = 0;
    bool emptied = false;
    group.spawn(fail());
    group.spawn(succeed(&counter));
    waiter.spawn(wait(&group, &emptied));
    context.run();
    EXPECT_EQ(counter, 1);
    EXPECT_TRUE(emptied);
    EXPECT_EQ(group.size(), 0U);
}

TEST(IoThread, RunsPostedWorkAndStops) {
    const SystemClock clock;
    IoThread thread("test", 0, clock);
    thread.start();
    bool there = false;
    thread.run_and_wait([&] { there = thread.is_current(); });
    EXPECT_TRUE(there);
    thread.stop();
}

}  // namespace
}  // namespace tidegate::async
