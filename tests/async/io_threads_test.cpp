// An event loop on a thread of its own.
#include <tidegate/async/io_threads.h>

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tidegate::async {
namespace {

// The `sched_runtime` of the calling thread, as sched_getattr(2) gives it; 0 where the kernel has none for
// ordinary threads.
std::uint64_t slice_of_this_thread() {
    struct {
        std::uint32_t size, policy;
        std::uint64_t flags;
        std::int32_t nice;
        std::uint32_t priority;
        std::uint64_t runtime, deadline, period;
    } attributes{};
    return ::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) == 0 ? attributes.runtime : 0;
}

TEST(IoThread, RunsWhatIsGivenToItOnItself) {
    const SystemClock clock;
    IoThread thread("io", 3, clock);
    thread.start();
    bool was_current = false;
    thread.run_and_wait([&] { was_current = thread.is_current(); });
    EXPECT_TRUE(was_current);
    EXPECT_FALSE(thread.is_current());
    EXPECT_EQ(thread.index(), 3U);
}

TEST(IoThread, AsksForAShorterSliceThanOthersHave) {
    const std::uint64_t other = slice_of_this_thread();
    if (other == 0)
        GTEST_SKIP() << "this kernel has no slices of a thread's own (Linux 6.12)";
    const SystemClock clock;
    IoThread thread("io", 0, clock);
    thread.start();
    std::uint64_t own = 0;
    thread.run_and_wait([&] { own = slice_of_this_thread(); });
    EXPECT_GT(own, 0U);
    EXPECT_LT(own, other);
}

}  // namespace
}  // namespace tidegate::async
