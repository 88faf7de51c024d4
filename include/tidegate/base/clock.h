// Time as a parameter, so that a test of a 72-hour wait takes milliseconds.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace tidegate {

using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;  // UTC
using SteadyTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

// Any thread may ask; implementations are immutable or atomic.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual WallTime wall() const = 0;
    virtual SteadyTime steady() const = 0;
    // Since the machine started. Unlike `steady` it runs on while the machine is suspended: for what others
    // count on, such as leases.
    virtual Duration boot() const = 0;
};

class SystemClock final : public Clock {
  public:
    WallTime wall() const override;
    SteadyTime steady() const override;
    Duration boot() const override;
};

// Stands still until advanced. For tests and for replays of recorded data.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(WallTime start = WallTime{std::chrono::hours{24 * 365 * 56}});
    WallTime wall() const override;
    SteadyTime steady() const override;
    Duration boot() const override;
    // Moves all clocks forward.
    void advance(Duration by);
    // Moves all but the steady clock forward, as a suspended machine does.
    void suspend(Duration by);
    // Moves the wall clock alone, in either direction, as an operator or NTP would.
    void jump_wall(Duration by);

  private:
    std::atomic<std::int64_t> wall_;
    std::atomic<std::int64_t> steady_;
    std::atomic<std::int64_t> boot_;
};

// "2026-11-24T03:04:05.678Z", milliseconds, UTC.
std::string format_utc(WallTime time);

}  // namespace tidegate
