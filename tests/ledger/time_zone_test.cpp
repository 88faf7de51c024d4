// Months of time zones: no gap, no overlap, whatever the clocks do.
#include "ledger/time_zone.h"

#include <gtest/gtest.h>

namespace tidegate::ledger {
namespace {

using namespace std::chrono;

TimeZone zone(const std::string& name) {
    const auto found = TimeZone::find(name);
    EXPECT_TRUE(found) << name;
    return found ? *found : TimeZone();
}

WallTime utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0, int second = 0) {
    return WallTime{sys_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day)}} +
           hours{hour} + minutes{minute} + seconds{second};
}

std::string text(WallTime time) {
    return format_utc(time);
}

TEST(TimeZone, OfUtcHasCalendarMonths) {
    const Month month = TimeZone().month_at(utc(2026, 11, 24, 12));
    EXPECT_EQ(month.key, 202611);
    EXPECT_EQ(text(month.begin), "2026-11-01T00:00:00.000Z");
    EXPECT_EQ(text(month.end), "2026-12-01T00:00:00.000Z");
    EXPECT_EQ(TimeZone().month_at(month.end - 1ns).key, 202611);
    EXPECT_EQ(TimeZone().month_at(month.end).key, 202612);
}

TEST(TimeZone, MovesTheMonthsEndToItsMidnight) {
    const Month berlin = zone("Europe/Berlin").month_at(utc(2026, 11, 30, 23, 30));
    EXPECT_EQ(berlin.key, 202612) << "half past midnight in Berlin";
    EXPECT_EQ(text(berlin.begin), "2026-11-30T23:00:00.000Z");
    EXPECT_EQ(text(zone("America/Los_Angeles").month_at(utc(2026, 11, 30)).end), "2026-12-01T08:00:00.000Z");
    EXPECT_EQ(text(zone("Asia/Kolkata").month_at(utc(2026, 11, 24)).end), "2026-11-30T18:30:00.000Z");
    EXPECT_EQ(text(zone("Pacific/Kiritimati").month_at(utc(2026, 11, 24)).end), "2026-11-30T10:00:00.000Z");
}

TEST(TimeZone, KnowsSummerTimeOnBothSides) {
    // March begins in winter and ends in summer: an hour short.
    const Month march = zone("Europe/Berlin").month_at(utc(2026, 3, 15));
    EXPECT_EQ(march.end - march.begin, days{31} - 1h);
    const Month october = zone("Europe/Berlin").month_at(utc(2026, 10, 15));
    EXPECT_EQ(october.end - october.begin, days{31} + 1h);
}

TEST(TimeZone, BeginsWhereMidnightIsSkippedWithTheFirstMomentBehindIt) {
    // There the clocks went from midnight to one on 1 October 2017.
    const Month october = zone("America/Asuncion").month_at(utc(2017, 10, 15));
    EXPECT_EQ(text(october.begin), "2017-10-01T04:00:00.000Z");
    EXPECT_EQ(zone("America/Asuncion").month_at(october.begin - 1ns).key, 201709);
}

TEST(TimeZone, FollowEachOtherWithoutAGapOrOverlap) {
    for (const char* name :
         {"UTC", "Europe/Berlin", "America/New_York", "America/Havana", "Asia/Kathmandu", "Africa/Cairo",
          "America/Asuncion", "Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe"}) {
        const TimeZone the = zone(name);
        Month month = the.month_at(utc(2010, 1, 15));
        for (int i = 0; i < 12 * 20; ++i) {
            const Month next = the.month_at(month.end);
            ASSERT_EQ(next.begin, month.end) << name << " " << month.key;
            ASSERT_EQ(next.key, month.key % 100 == 12 ? month.key + 89 : month.key + 1) << name;
            ASSERT_EQ(the.month_at(month.end - 1ns), month) << name;
            ASSERT_EQ(the.month_at(month.begin), month) << name;
            ASSERT_GE(month.end - month.begin, days{27}) << name;
            month = next;
        }
    }
}

TEST(TimeZone, HasLeapDaysAndYearsEnds) {
    EXPECT_EQ(TimeZone().month_at(utc(2028, 2, 29, 23, 59, 59)).key, 202802);
    EXPECT_EQ(TimeZone().month_at(utc(2027, 3, 1)).key, 202703);
    EXPECT_EQ(TimeZone().month_at(utc(2026, 12, 31, 23, 59, 59)).key, 202612);
    EXPECT_EQ(TimeZone().month_at(utc(2027, 1, 1)).key, 202701);
}

TEST(TimeZone, ThatDoesNotExistIsAnErrorThatHelps) {
    for (const char* name : {"Europe/Nowhere", "", "CET+1", "../../etc/passwd"}) {
        const auto found = TimeZone::find(name);
        ASSERT_FALSE(found) << name;
        EXPECT_EQ(found.error().kind, ErrorKind::not_found);
    }
}

}  // namespace
}  // namespace tidegate::ledger
