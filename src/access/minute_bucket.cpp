#include <tidegate/access/minute_bucket.h>

#include <algorithm>

namespace tidegate::access {
namespace {

constexpr std::int64_t kParts = std::chrono::nanoseconds(std::chrono::minutes{1}).count();

}  // namespace

bool MinuteBucket::try_take(std::int64_t amount, std::int64_t per_minute, SteadyTime now) {
    drain(per_minute, now);
    const Wide parts = static_cast<Wide>(amount) * kParts;
    if (level_ + parts > static_cast<Wide>(per_minute) * kParts)
        return false;
    level_ += parts;
    return true;
}

void MinuteBucket::give_back(std::int64_t amount) {
    level_ = std::max<Wide>(0, level_ - static_cast<Wide>(amount) * kParts);
}

std::optional<Duration> MinuteBucket::wait(std::int64_t amount, std::int64_t per_minute, SteadyTime now) {
    if (amount > per_minute)
        return std::nullopt;
    drain(per_minute, now);
    const Wide excess = level_ + static_cast<Wide>(amount) * kParts - static_cast<Wide>(per_minute) * kParts;
    const Wide nanoseconds = (std::max<Wide>(0, excess) + per_minute - 1) / per_minute;
    return Duration(static_cast<std::int64_t>(nanoseconds));
}

void MinuteBucket::drain(std::int64_t per_minute, SteadyTime now) {
    // Threads read the clock before they get here, so that one may come with an earlier time than another.
    if (now <= drained_at_)
        return;
    const Wide drained = static_cast<Wide>(Duration(now - drained_at_).count()) * per_minute;
    level_ = std::max<Wide>(0, level_ - drained);
    drained_at_ = now;
}

}  // namespace tidegate::access
