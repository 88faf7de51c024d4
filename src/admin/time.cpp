#include <tidegate/admin/time.h>

#include <charconv>

namespace tidegate::admin {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Takes its parts off the front, each only if it is there as it should be.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }
    bool take(char c) {
        if (!rest_.starts_with(c))
            return false;
        rest_.remove_prefix(1);
        return true;
    }
    // Exactly `digits` digits, a value of at most `max`.
    std::optional<int> number(std::size_t digits, int max) {
        if (rest_.size() < digits)
            return std::nullopt;
        const std::optional<std::int64_t> value = read(rest_.substr(0, digits));
        if (!value || *value > max)
            return std::nullopt;
        rest_.remove_prefix(digits);
        return static_cast<int>(*value);
    }
    // One to nine digits behind the point, as nanoseconds.
    std::optional<Duration> fraction() {
        std::size_t digits = 0;
        while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') ++digits;
        if (digits == 0 || digits > 9)
            return std::nullopt;
        const std::string padded = std::string(rest_.substr(0, digits)) + std::string(9 - digits, '0');
        const std::optional<std::int64_t> nanoseconds = read(padded);
        if (!nanoseconds)
            return std::nullopt;
        rest_.remove_prefix(digits);
        return Duration{*nanoseconds};
    }
    static std::optional<std::int64_t> read(std::string_view digits) {
        std::int64_t value = 0;
        for (const char c : digits) {
            if (c < '0' || c > '9')
                return std::nullopt;
        }
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc{} || digits.empty())
            return std::nullopt;
        return value;
    }

  private:
    std::string_view rest_;
};

std::optional<Duration> clock_time(Reader& reader) {
    const auto hour = reader.number(2, 23);
    if (!hour || !reader.take(':'))
        return std::nullopt;
    const auto minute = reader.number(2, 59);
    if (!minute)
        return std::nullopt;
    Duration time = hours{*hour} + minutes{*minute};
    if (reader.take(':')) {
        const auto second = reader.number(2, 59);
        if (!second)
            return std::nullopt;
        time += seconds{*second};
        if (reader.take('.')) {
            const auto fraction = reader.fraction();
            if (!fraction)
                return std::nullopt;
            time += *fraction;
        }
    }
    return time;
}

// What to take off to get UTC.
std::optional<Duration> offset(Reader& reader) {
    if (reader.at_end() || reader.take('Z') || reader.take('z'))
        return Duration{};
    const bool east = reader.take('+');
    if (!east && !reader.take('-'))
        return std::nullopt;
    const auto hour = reader.number(2, 23);
    if (!hour || !reader.take(':'))
        return std::nullopt;
    const auto minute = reader.number(2, 59);
    if (!minute)
        return std::nullopt;
    const Duration size = hours{*hour} + minutes{*minute};
    return east ? size : -size;
}

std::optional<WallTime> date_time(std::string_view text) {
    Reader reader(text);
    const auto year = reader.number(4, 2200);
    if (!year || *year < 1970 || !reader.take('-'))
        return std::nullopt;
    const auto month = reader.number(2, 12);
    if (!month || !reader.take('-'))
        return std::nullopt;
    const auto day = reader.number(2, 31);
    if (!day)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok())
        return std::nullopt;
    WallTime time = std::chrono::sys_days{date};
    if (reader.take('T') || reader.take('t') || reader.take(' ')) {
        const auto of_day = clock_time(reader);
        if (!of_day)
            return std::nullopt;
        const auto to_utc = offset(reader);
        if (!to_utc)
            return std::nullopt;
        time += *of_day - *to_utc;
    }
    if (!reader.at_end() || time.time_since_epoch().count() < 0)
        return std::nullopt;
    return time;
}

std::optional<WallTime> ago(std::string_view text, WallTime now) {
    if (text.size() < 2 || text.size() > 8)
        return std::nullopt;
    const auto count = Reader::read(text.substr(0, text.size() - 1));
    if (!count)
        return std::nullopt;
    Duration unit{};
    switch (text.back()) {
        case 's':
            unit = seconds{1};
            break;
        case 'm':
            unit = minutes{1};
            break;
        case 'h':
            unit = hours{1};
            break;
        case 'd':
            unit = days{1};
            break;
        case 'w':
            unit = days{7};
            break;
        default:
            return std::nullopt;
    }
    if (*count > now.time_since_epoch() / unit)
        return std::nullopt;
    return now - *count * unit;
}

}  // namespace

std::optional<WallTime> parse_time(std::string_view text, WallTime now) {
    if (const auto relative = ago(text, now))
        return relative;
    return date_time(text);
}

}  // namespace tidegate::admin
