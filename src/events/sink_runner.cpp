#include <tidegate/base/log.h>
#include <tidegate/events/sink_runner.h>

#include <algorithm>
#include <utility>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace tidegate::events {
namespace {

using std::chrono::steady_clock;

// How long the thread sleeps at most when there is nothing to do.
constexpr Duration kIdle = std::chrono::seconds{1};
constexpr int kNice = 15;
constexpr int kNicest = 19;

}  // namespace

SinkRunner::SinkRunner(Log& log, std::unique_ptr<Sink> sink, const Clock& clock, SinkRunnerOptions options)
    : log_(log),
      sink_(std::move(sink)),
      clock_(clock),
      options_(options),
      end_at_start_(log.synced()),
      reader_(log),
      next_retry_(options.retry),
      thread_([this] { run(); }) {}

SinkRunner::~SinkRunner() {
    finish({});
}

void SinkRunner::run() {
    ::pthread_setname_np(::pthread_self(), ("tg-" + sink_->name()).substr(0, 15).c_str());
    // Sinks may lag when the machine is full; answers and the log come first. (Linux: of this thread alone.)
    const int nice = sink_->yields() ? kNicest : kNice;
    [[maybe_unused]] const int set = ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), nice);
    while (step()) {
    }
}

bool SinkRunner::step() {
    if (!opened_ && !open_sink())
        return pause(std::exchange(next_retry_, std::min(next_retry_ * 2, options_.longest_retry)));
    const Cursor end = log_.wait_synced(cursor_, kIdle);
    if (end <= cursor_)
        return pause({});
    {
        const std::lock_guard guard(mutex_);
        if (behind_since_ == WallTime{})
            behind_since_ = clock_.wall();
    }
    Cursor next = cursor_;
    ReadLimits limits = options_.batch;
    limits.content = sink_->wants_content();
    Result<> done = reader_.read(next, batch_, limits);
    if (done && next != cursor_)
        done = sink_->deliver(batch_, next);
    if (!done) {
        failed(done.error());
        return pause(std::exchange(next_retry_, std::min(next_retry_ * 2, options_.longest_retry)));
    }
    const bool behind = next < log_.synced();
    cursor_ = next;
    next_retry_ = options_.retry;
    published_.fetch_add(batch_.size(), std::memory_order_relaxed);
    {
        const std::lock_guard guard(mutex_);
        if (!failure_.empty())
            log::info("events", "sink {} works again", sink_->name());
        failure_.clear();
        passed_ = cursor_;
        behind_since_ = behind ? std::max(reader_.newest(), WallTime{Duration{1}}) : WallTime{};
    }
    return pause(behind ? Duration{} : options_.interval);
}

bool SinkRunner::open_sink() {
    const Result<std::optional<Cursor>> where = sink_->open();
    if (!where) {
        failed(where.error());
        return false;
    }
    cursor_ = where->value_or(sink_->from_the_beginning() ? Cursor{} : end_at_start_);
    // Where a new sink began is remembered before it has taken anything.
    if (const Result<> kept = *where ? Result<>() : sink_->deliver({}, cursor_); !kept) {
        failed(kept.error());
        return false;
    }
    opened_ = true;
    const std::lock_guard guard(mutex_);
    passed_ = cursor_;
    return true;
}

void SinkRunner::failed(const Error& error) {
    opened_ = false;
    const std::lock_guard guard(mutex_);
    if (failure_.empty())
        log::error("events", "sink {} fails, will try again: {}", sink_->name(), error.text());
    failure_ = error.text();
    if (behind_since_ == WallTime{})
        behind_since_ = clock_.wall();
}

bool SinkRunner::pause(Duration interval) {
    const auto until = steady_clock::now() + interval;
    std::unique_lock guard(mutex_);
    // While finishing only a failure waits.
    wake_.wait_until(guard, until, [&] { return finishing_; });
    if (!finishing_)
        return true;
    while (!failure_.empty() && steady_clock::now() < std::min(until, give_up_)) {
        wake_.wait_until(guard, std::min(until, give_up_));
    }
    const bool all_taken = failure_.empty() && cursor_ >= log_.synced();
    return !all_taken && steady_clock::now() < give_up_;
}

Cursor SinkRunner::passed() const {
    const std::lock_guard guard(mutex_);
    return passed_;
}

SinkStats SinkRunner::stats() const {
    const std::lock_guard guard(mutex_);
    SinkStats stats;
    stats.name = sink_->name();
    stats.published = published_.load(std::memory_order_relaxed);
    stats.failed = !failure_.empty();
    stats.failure = failure_;
    if (behind_since_ != WallTime{})
        stats.lag = std::max(clock_.wall() - behind_since_, Duration{});
    return stats;
}

void SinkRunner::finish(Duration patience) {
    {
        const std::lock_guard guard(mutex_);
        if (!finishing_)
            give_up_ = steady_clock::now() + patience;
        finishing_ = true;
        sink_->end_by(give_up_);
        wake_.notify_all();
    }
    log_.interrupt_waiters();
    if (thread_.joinable())
        thread_.join();
}

}  // namespace tidegate::events
