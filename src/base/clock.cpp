#include <tidegate/base/clock.h>

#include <time.h>

namespace tidegate {
namespace {

void write_digits(std::string& text, std::size_t at, std::size_t digits, std::int64_t value) {
    for (std::size_t i = digits; i > 0; --i, value /= 10)
        text[at + i - 1] = static_cast<char>('0' + value % 10);
}

}  // namespace

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
    std::string text = "0000-00-00T00:00:00.000Z";
    write_digits(text, 0, 4, static_cast<int>(date.year()));
    write_digits(text, 5, 2, static_cast<unsigned>(date.month()));
    write_digits(text, 8, 2, static_cast<unsigned>(date.day()));
    write_digits(text, 11, 2, clock.hours().count());
    write_digits(text, 14, 2, clock.minutes().count());
    write_digits(text, 17, 2, clock.seconds().count());
    write_digits(text, 20, 3, clock.subseconds().count());
    return text;
}

}  // namespace tidegate
