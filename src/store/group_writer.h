// The one thread that writes to the store, many operations a transaction.
#pragma once

#include "store/sqlite.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::store {

// `apply` runs on the writer thread within a transaction, perhaps several times. An error of kind `io` undoes
// the whole group, `internal` (a bug) the operation alone; one of any other kind is its answer, and it has
// changed nothing. `done` runs there once the group is on disk; it must be short, and may post.
struct Operation {
    std::function<Result<void>()> apply;
    std::function<void(const Result<void>&)> done;  // may be empty
    bool keep_trying = false;                       // after a failure of the store, instead of `done` with it
};

// Any thread. The connection outlives it and is its own meanwhile.
class GroupWriter {
  public:
    explicit GroupWriter(sqlite3* database);
    ~GroupWriter();
    GroupWriter(const GroupWriter&) = delete;
    GroupWriter& operator=(const GroupWriter&) = delete;

    // After `close` its `done` is called at once, with `cancelled`.
    void post(Operation operation);
    std::size_t waiting() const;
    // Of the last group; empty if it is on disk.
    std::string failure() const;
    bool works() const { return works_.load(std::memory_order_relaxed); }
    // Commits what is queued and ends the thread. What cannot be written by then is given up. Idempotent.
    void close();

  private:
    using Group = std::deque<Operation>;

    void run();
    // True if the store works; what is to be tried again is left in `group`.
    bool commit(Group& group);
    Result<void> attempt(Group& group, std::vector<Result<void>>& results);
    // Stops at the first that undoes the group: the one behind the results.
    static Result<void> apply(Group& group, std::vector<Result<void>>& results);
    static void take_back(Group& group, const Error& error);
    static void give_up(Group& group);

    sqlite3* database_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Group queue_;
    std::string failure_;
    std::atomic<bool> works_{true};
    bool closed_ = false;
    std::thread thread_;  // last: it uses the others
};

}  // namespace tidegate::store
