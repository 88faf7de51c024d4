// So and so many a minute: a bucket that fills with what is taken and drains evenly, exact in whole numbers.
#pragma once

#include <tidegate/base/clock.h>

#include <cstdint>
#include <optional>

namespace tidegate::access {

// A whole minute's worth may be taken at once, and after it as much as has drained. The bound is given with
// each question, so that a reload changes it at once: what was taken stays taken. Not for several threads.
class MinuteBucket {
  public:
    // Takes `amount` (not negative) if it still fits.
    bool try_take(std::int64_t amount, std::int64_t per_minute, SteadyTime now);
    // What was taken and is not needed after all; no more than is there.
    void give_back(std::int64_t amount);
    // How long until `amount` fits, if nothing else is taken. Nothing: never, it is more than a minute's worth.
    std::optional<Duration> wait(std::int64_t amount, std::int64_t per_minute, SteadyTime now);

  private:
    using Wide = __int128;

    void drain(std::int64_t per_minute, SteadyTime now);

    // In parts of which one taken has as many as a minute has nanoseconds: each nanosecond drains `per_minute`.
    Wide level_ = 0;
    SteadyTime drained_at_{};
};

}  // namespace tidegate::access
