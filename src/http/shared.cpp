#include "http/shared.h"

#include <array>
#include <ctime>

#include <fmt/format.h>

namespace tidegate::http {

std::string_view Shard::date_line() {
    const auto now = thread.clock().wall();
    const std::int64_t second =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    if (second == date_second_)
        return date_line_;
    date_second_ = second;
    constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t time = second;
    std::tm parts{};
    gmtime_r(&time, &parts);
    date_line_ = fmt::format("date: {}, {:02} {} {} {:02}:{:02}:{:02} GMT\r\n",
                             kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                             kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                             parts.tm_hour, parts.tm_min, parts.tm_sec);
    return date_line_;
}

Shared::Shared(const ListenerOptions& options, const std::vector<async::IoThread*>& threads,
               Handler& its_handler)
    : handler(its_handler), tls(options.tls.has_value()) {
    for (async::IoThread* thread : threads) shards.push_back(std::make_unique<Shard>(*thread, options));
}

void Shared::opened(Shard& shard) {
    ++counters.open;
    ++counters.accepted;
    ++shard.connections;
}

void Shared::closed(Shard& shard) {
    --shard.connections;
    const std::lock_guard lock(mutex_);
    if (--counters.open == 0)
        changed_.notify_all();
}

bool Shared::wait_until_closed(std::chrono::nanoseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return counters.open == 0; });
}

}  // namespace tidegate::http
