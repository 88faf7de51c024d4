#include "store/group_writer.h"

#include <tidegate/base/log.h>

#include <algorithm>
#include <chrono>

#include <pthread.h>

namespace tidegate::store {
namespace {

// So many that a commit is shared well, so few that who waits for a lease need not wait long.
constexpr std::size_t kLargestGroup = 1024;
constexpr auto kPauseAfterFailure = std::chrono::milliseconds{100};
constexpr auto kProbeInterval = std::chrono::seconds{1};
constexpr int kLastTries = 3;

// Writes a page without changing anything, which finds out whether the store works again.
Operation probe(sqlite3* database) {
    Operation operation;
    operation.apply = [database]() -> Result<void> {
        std::int64_t version = 0;
        {
            Statements statements(database);
            Query query(statements, "PRAGMA user_version");
            if (const Result<bool> read = query.next(); !read)
                return read.error();
            version = query.integer(0);
        }
        return execute(database, ("PRAGMA user_version = " + std::to_string(version)).c_str());
    };
    return operation;
}

}  // namespace

GroupWriter::GroupWriter(sqlite3* database) : database_(database), thread_([this] { run(); }) {}

GroupWriter::~GroupWriter() {
    close();
}

void GroupWriter::post(Operation operation) {
    {
        const std::lock_guard lock(mutex_);
        if (!closed_) {
            queue_.push_back(std::move(operation));
            wake_.notify_one();
            return;
        }
    }
    if (operation.done)
        operation.done(Error{ErrorKind::cancelled, ErrorSource::gateway, "the store is closed"});
}

std::size_t GroupWriter::waiting() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

std::string GroupWriter::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

void GroupWriter::close() {
    {
        const std::lock_guard lock(mutex_);
        if (closed_)
            return;
        closed_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void GroupWriter::run() {
    ::pthread_setname_np(::pthread_self(), "tg-store");
    int last_tries = kLastTries;
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto has_work = [this] { return closed_ || !queue_.empty(); };
        if (failure_.empty())
            wake_.wait(lock, has_work);
        else if (!wake_.wait_for(lock, kProbeInterval, has_work))
            queue_.push_back(probe(database_));
        if (queue_.empty())
            return;
        const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), kLargestGroup));
        Group group(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
        queue_.erase(queue_.begin(), end);
        lock.unlock();
        const bool works = commit(group);
        lock.lock();
        queue_.insert(queue_.begin(), std::make_move_iterator(group.begin()),
                      std::make_move_iterator(group.end()));
        if (works)
            continue;
        if (closed_ && --last_tries == 0) {
            log::error("store", "{} operations could not be written before the end", queue_.size());
            Group rest = std::move(queue_);
            lock.unlock();
            give_up(rest);
            return;
        }
        wake_.wait_for(lock, kPauseAfterFailure, [this] { return closed_; });
    }
}

bool GroupWriter::commit(Group& group) {
    std::vector<Result<void>> results;
    const Result<void> committed = attempt(group, results);
    {
        const std::lock_guard lock(mutex_);
        if (!committed && failure_.empty())
            log::error("store", "{}; what must last is kept and tried again", committed.error().message);
        if (committed && !failure_.empty())
            log::info("store", "the store works again");
        failure_ = committed ? std::string() : committed.error().message;
        works_.store(failure_.empty(), std::memory_order_relaxed);
    }
    if (!committed) {
        take_back(group, committed.error());
        return false;
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
        if (group[i].done)
            group[i].done(results[i]);
    }
    group.clear();
    return true;
}

Result<void> GroupWriter::apply(Group& group, std::vector<Result<void>>& results) {
    for (Operation& operation : group) {
        Result<void> done = operation.apply();
        if (!done && (done.error().kind == ErrorKind::io || done.error().kind == ErrorKind::internal))
            return done;
        results.push_back(std::move(done));
    }
    return {};
}

// Runs the group until it commits, without the operations that are wrong in themselves.
Result<void> GroupWriter::attempt(Group& group, std::vector<Result<void>>& results) {
    for (;;) {
        results.clear();
        if (auto begun = execute(database_, "BEGIN IMMEDIATE"); !begun)
            return begun;
        const Result<void> applied = apply(group, results);
        const Result<void> committed = applied ? execute(database_, "COMMIT") : applied;
        if (committed)
            return committed;
        // Some errors have rolled it back already; then this one fails, which does not matter.
        execute(database_, "ROLLBACK").has_value();
        if (applied || applied.error().kind == ErrorKind::io)
            return committed;
        log::error("store", "an operation was given up: {}", applied.error().message);
        const auto wrong = group.begin() + static_cast<std::ptrdiff_t>(results.size());
        if (wrong->done)
            wrong->done(applied);
        group.erase(wrong);
    }
}

void GroupWriter::take_back(Group& group, const Error& error) {
    Group kept;
    for (Operation& operation : group) {
        if (operation.keep_trying)
            kept.push_back(std::move(operation));
        else if (operation.done)
            operation.done(error);
    }
    group = std::move(kept);
}

void GroupWriter::give_up(Group& group) {
    for (const Operation& operation : group) {
        if (operation.done)
            operation.done(Error{ErrorKind::cancelled, ErrorSource::gateway, "the store is closed"});
    }
    group.clear();
}

}  // namespace tidegate::store
