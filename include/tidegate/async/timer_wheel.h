// Coarse deadlines, thousands a thread, at the price of one store each.
#pragma once

#include <tidegate/base/clock.h>

#include <array>
#include <cstdint>
#include <functional>

namespace tidegate::async {

// A hashed wheel of 1,024 slots of 100 ms. Not thread-safe: a wheel and its entries belong to one I/O thread.
// A deadline fires in the tick after it has passed, never before; so at most about 100 ms late.
class TimerWheel {
  public:
    static constexpr Duration kTick = std::chrono::milliseconds{100};

    // One deadline of one owner, armed and disarmed again and again. Destroying it disarms it; that is for the
    // wheel's thread too, whether or not it is armed.
    class Entry {
      public:
        // `on_expiry` runs on the wheel's thread, at most once an arming; it may arm the entry again or destroy
        // it.
        Entry(TimerWheel& wheel, std::function<void()> on_expiry);
        ~Entry();
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

        // Fires at `deadline`, instead of any earlier arming. Moving a deadline later, or taking it back, costs
        // one store.
        void arm(SteadyTime deadline);
        void arm_in(Duration wait);
        void disarm();
        bool armed() const { return deadline_ != kDisarmed; }

      private:
        friend class TimerWheel;
        static constexpr std::int64_t kDisarmed = -1;

        void link(std::int64_t tick);
        void unlink();

        TimerWheel& wheel_;
        std::function<void()> on_expiry_;
        std::int64_t deadline_ = kDisarmed;  // the tick in which to fire
        std::int64_t linked_ =
            kDisarmed;  // the tick of the slot it hangs in, never later than an armed deadline
        Entry* previous_ = nullptr;
        Entry* next_ = nullptr;
    };

    explicit TimerWheel(const Clock& clock);
    ~TimerWheel();
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;

    // Fires everything that is due by the clock. Called by the I/O thread every tick, by tests at will.
    void advance();
    // Entries armed now: a leak of deadlines shows here.
    std::size_t armed() const { return armed_; }
    SteadyTime now() const { return clock_.steady(); }

  private:
    static constexpr std::size_t kSlots = 1024;

    std::int64_t tick_of(SteadyTime time) const;
    void visit(Entry& entry);

    const Clock& clock_;
    SteadyTime origin_;
    std::int64_t current_ = 0;  // every tick up to this one has been fired
    std::size_t armed_ = 0;
    std::array<Entry*, kSlots> slots_{};
    Entry* visiting_next_ = nullptr;  // the next entry of the slot being fired, kept right if it unlinks
};

}  // namespace tidegate::async
