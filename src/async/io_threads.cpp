#include <tidegate/async/io_threads.h>
#include <tidegate/base/log.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <future>

#include <boost/asio/post.hpp>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tidegate::async {
namespace {

// What the kernel lets a thread run before it looks at others. A thread that asks for less than the one that
// runs takes the core from it as soon as it wakes (Linux 6.12; before that the value is ignored), so that what
// encodes, compresses and indexes does not hold up an answer. The smallest value that the kernel takes.
constexpr std::uint64_t kSlice = 100'000;  // nanoseconds

// As sched_setattr(2) takes it; its header cannot be included beside the C library's.
struct SchedulingAttributes {
    std::uint32_t size;
    std::uint32_t sched_policy;
    std::uint64_t sched_flags;
    std::int32_t sched_nice;
    std::uint32_t sched_priority;
    std::uint64_t sched_runtime;
    std::uint64_t sched_deadline;
    std::uint64_t sched_period;
};

void ask_for_short_slices() {
    // The operator has chosen another policy for the process (chrt, systemd).
    if (::sched_getscheduler(0) != SCHED_OTHER)
        return;
    SchedulingAttributes attributes{};
    attributes.size = sizeof attributes;
    attributes.sched_policy = SCHED_OTHER;
    attributes.sched_nice = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
    attributes.sched_runtime = kSlice;
    [[maybe_unused]] const long set = ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace

IoThread::IoThread(std::string name, std::size_t index, const Clock& clock)
    : clock_(clock),
      name_(std::move(name)),
      index_(index),
      wheel_(clock),
      tasks_(context_.get_executor(), "async"),
      ticker_(context_),
      work_(asio::make_work_guard(context_)) {}

IoThread::~IoThread() {
    stop();
}

void IoThread::start() {
    ticker_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(TimerWheel::kTick));
    tick();
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
        ask_for_short_slices();
        for (;;) {
            try {
                context_.run();
                return;
            } catch (const std::exception& exception) {
                // A handler outside any task threw: a bug, but no reason to take down the other connections.
                log::error("async", "a handler on {} threw: {}", name_, exception.what());
            }
        }
    });
}

void IoThread::tick() {
    ticker_.async_wait([this](boost::system::error_code error) {
        if (error)
            return;
        wheel_.advance();
        ticker_.expires_after(
            std::chrono::duration_cast<std::chrono::steady_clock::duration>(TimerWheel::kTick));
        tick();
    });
}

void IoThread::stop() {
    if (!thread_.joinable())
        return;
    asio::post(context_, [this] { ticker_.cancel(); });
    work_.reset();
    context_.stop();
    thread_.join();
}

void IoThread::run_and_wait(std::function<void()> function) {
    std::promise<void> done;
    asio::post(context_, [&] {
        function();
        done.set_value();
    });
    done.get_future().wait();
}

namespace {

// "200000 100000" in cpu.max means two CPUs; "max" means no quota.
double control_group_quota() {
    std::ifstream file("/sys/fs/cgroup/cpu.max");
    double quota = 0;
    double period = 0;
    if (file >> quota >> period && period > 0)
        return quota / period;
    return 0;
}

}  // namespace

std::size_t usable_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        cores = static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
    const double quota = control_group_quota();
    if (quota <= 0)
        return cores;
    return std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(quota)), 1, cores);
}

}  // namespace tidegate::async
