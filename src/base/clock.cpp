#include <tidegate/base/clock.h>

#include <fmt/format.h>
#include <time.h>

namespace tidegate {

WallTime SystemClock::wall() const {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady() const {
    return std::chrono::steady_clock::now();
}

Duration SystemClock::boot() const {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

// The clocks start an hour in, so that tests may subtract from them.
ManualClock::ManualClock(WallTime start)
    : wall_(start.time_since_epoch().count()),
      steady_(Duration{std::chrono::hours{1}}.count()),
      boot_(Duration{std::chrono::hours{1}}.count()) {}

WallTime ManualClock::wall() const {
    return WallTime{Duration{wall_.load()}};
}

SteadyTime ManualClock::steady() const {
    return SteadyTime{Duration{steady_.load()}};
}

Duration ManualClock::boot() const {
    return Duration{boot_.load()};
}

void ManualClock::advance(Duration by) {
    suspend(by);
    steady_ += by.count();
}

void ManualClock::suspend(Duration by) {
    wall_ += by.count();
    boot_ += by.count();
}

void ManualClock::jump_wall(Duration by) {
    wall_ += by.count();
}

std::string format_utc(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::milliseconds>(time - day)};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

}  // namespace tidegate
