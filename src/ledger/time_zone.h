// Calendar months of a time zone.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>

#include <string>

namespace date {
class time_zone;
}

namespace tidegate::ledger {

// One calendar month, as money is kept by it: a key, not a reset.
struct Month {
    int key = 0;  // yyyymm
    WallTime begin{};
    WallTime end{};  // the next one's begin

    bool contains(WallTime time) const { return time >= begin && time < end; }
    bool operator==(const Month&) const = default;
};

// A value type; the zones themselves live as long as the process.
class TimeZone {
  public:
    // UTC.
    TimeZone() = default;
    // By its name in the IANA database ("Europe/Berlin"); `not_found` with what to do. UTC needs no database.
    static Result<TimeZone> find(const std::string& name);

    // The month that a moment lies in. Months follow each other without a gap, whatever the zone's clocks do.
    Month month_at(WallTime time) const;

  private:
    explicit TimeZone(const date::time_zone* zone) : zone_(zone) {}
    const date::time_zone* zone_ = nullptr;  // null: UTC
};

}  // namespace tidegate::ledger
