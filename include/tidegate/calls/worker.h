// What attempts need of the I/O thread that they run on.
#pragma once

#include <tidegate/async/io_threads.h>
#include <tidegate/dialect/request_view.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::ledger {
class Ledger;
}
namespace tidegate::upstream {
class Client;
}

namespace tidegate::calls {

// Things that are costly to make and used for one request at a time: lent, and given back by the loan's end.
// Belongs to one I/O thread.
template <class T>
class LendingPool {
  public:
    class Loan {
      public:
        Loan(LendingPool& pool, T item) : pool_(&pool), item_(std::move(item)) {}
        Loan(Loan&& other) noexcept
            : pool_(std::exchange(other.pool_, nullptr)), item_(std::move(other.item_)) {}
        Loan& operator=(Loan&&) = delete;
        ~Loan() {
            if (pool_ != nullptr)
                pool_->give_back(std::move(item_));
        }
        T& operator*() { return item_; }
        T* operator->() { return &item_; }

      private:
        LendingPool* pool_;
        T item_;
    };

    // Items that hold more memory than this are dropped when they come back.
    explicit LendingPool(std::size_t (*memory_of)(const T&)) : memory_of_(memory_of) {}

    Loan borrow() {
        if (items_.empty())
            return Loan(*this, T{});
        T item = std::move(items_.back());
        items_.pop_back();
        return Loan(*this, std::move(item));
    }

  private:
    static constexpr std::size_t kMaximumItems = 64;
    static constexpr std::size_t kMaximumMemory = 1 << 20;

    void give_back(T&& item) {
        if (items_.size() < kMaximumItems && memory_of_(item) <= kMaximumMemory)
            items_.push_back(std::move(item));
    }

    std::size_t (*memory_of_)(const T&);
    std::vector<T> items_;
};

// Belongs to one I/O thread, and outlives its attempts.
class Worker {
  public:
    Worker(async::IoThread& io_thread, upstream::Client& client, ledger::Ledger& money);

    async::IoThread& io;
    upstream::Client& upstream;
    ledger::Ledger& ledger;  // of the process
    LendingPool<dialect::BodyParser> parsers;
    // Request and answer bodies; handed out empty, with whatever capacity they have.
    LendingPool<std::string> buffers;
};

}  // namespace tidegate::calls
