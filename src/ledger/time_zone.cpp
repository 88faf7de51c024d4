#include "ledger/time_zone.h"

#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>

namespace tidegate::ledger {
namespace {

// When the month begins: where midnight is skipped with the first moment behind it, where it comes twice with
// the first of them.
WallTime begin_of(const date::year_month& month, const date::time_zone* zone) {
    const date::local_days first{month / 1};
    if (zone == nullptr)
        return WallTime{first.time_since_epoch()};
    return WallTime{zone->to_sys(date::local_time<Duration>{first}, date::choose::earliest).time_since_epoch()};
}

date::year_month local_month(WallTime time, const date::time_zone* zone) {
    const auto local =
        zone == nullptr ? date::local_time<Duration>{time.time_since_epoch()} : zone->to_local(time);
    const date::year_month_day day{date::floor<date::days>(local)};
    return day.year() / day.month();
}

}  // namespace

Result<TimeZone> TimeZone::find(const std::string& name) {
    if (name == "UTC")
        return TimeZone();
    try {
        return TimeZone(date::locate_zone(name));
    } catch (const std::exception&) {
        return Error{ErrorKind::not_found, ErrorSource::gateway,
                     fmt::format("{} is no time zone of this machine's database (tzdata); write a name such as "
                                 "Europe/Berlin, or UTC",
                                 name)};
    }
}

Month TimeZone::month_at(WallTime time) const {
    date::year_month month = local_month(time, zone_);
    WallTime begin = begin_of(month, zone_);
    // Clocks that are set back over midnight show the old month once more: the new one stays.
    while (time < begin) {
        month -= date::months{1};
        begin = begin_of(month, zone_);
    }
    WallTime end = begin_of(month + date::months{1}, zone_);
    while (time >= end) {
        month += date::months{1};
        begin = end;
        end = begin_of(month + date::months{1}, zone_);
    }
    const int key = static_cast<int>(month.year()) * 100 + static_cast<int>(unsigned{month.month()});
    return {key, begin, end};
}

}  // namespace tidegate::ledger
