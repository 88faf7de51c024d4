// What the shadow runs of a candidate came to: the figures of a report.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/statistics/interval.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::events {

// Which runs.
struct ShadowFilter {
    std::string feature;
    std::string variant;       // the candidate
    std::string variant_hash;  // of its content
    // Inclusive. Of the noise sample, which is the live variants', only what is not older than the candidate's
    // first run counts.
    std::optional<WallTime> since;
};

struct ShadowPairs {
    std::uint64_t compared = 0;
    std::uint64_t disagreed = 0;
};

// One side of the pairs.
struct ShadowSide {
    std::uint64_t calls = 0;
    std::uint64_t tripped = 0;          // with at least one guardrail that tripped
    statistics::Moments cost;           // nano-dollars
    std::vector<std::int64_t> latency;  // microseconds, unsorted
};

struct ShadowFigures {
    std::uint64_t runs = 0;    // of the candidate, also those that say nothing of it
    std::uint64_t failed = 0;  // of those that count
    // Of the candidate against whatever answered, and against each by its name ("" is an existing system).
    ShadowPairs pairs;
    std::map<std::string, ShadowPairs> by_live;
    // Of the live variants against themselves.
    ShadowPairs noise;
    // Runs of the candidate that count, and the answers beside them; a baseline's has neither cost nor latency.
    ShadowSide candidate;
    ShadowSide live;
    std::optional<WallTime> first;
    std::optional<WallTime> last;
    std::int64_t noise_cost = 0;  // nano-dollars
};

}  // namespace tidegate::events
