// A call that waits for a lease.
#pragma once

#include "ledger/local_lease.h"

#include <tidegate/async/cancellation.h>
#include <tidegate/async/io_threads.h>

#include <memory>

#include <boost/asio/steady_timer.hpp>

namespace tidegate::ledger {

// Shared by the call, on its I/O thread, and the account's queue; the call may leave first.
class Waiter : public std::enable_shared_from_this<Waiter> {
  public:
    enum class Outcome { none, granted, does_not_fit, failed };

    Waiter(async::IoThread& io, NanoDollars amount);

    NanoDollars amount() const { return amount_; }

    // Under the account's lock; `finish` once.
    void finish(Outcome outcome, LocalLease* lease = nullptr);
    Outcome outcome() const { return outcome_; }
    // The store is being asked on its behalf.
    void set_asked() { asked_ = true; }
    bool asked() const { return asked_; }
    // What was granted, once: whoever takes it owns it.
    LocalLease* take_lease();

    // The call's I/O thread: returns when finished, by `until`, or when cancelled.
    async::Task<void> wait(SteadyTime until, async::Cancellation& cancellation);

  private:
    using Timer =
        boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                          boost::asio::wait_traits<std::chrono::steady_clock>, async::Executor>;

    async::IoThread& io_;
    const NanoDollars amount_;
    // Guarded by the account's lock.
    Outcome outcome_ = Outcome::none;
    LocalLease* lease_ = nullptr;
    bool asked_ = false;
    // The I/O thread's.
    bool woken_ = false;
    Timer wake_;
};

}  // namespace tidegate::ledger
