#include "index_shadow.h"

#include "index_file.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

namespace tidegate::events {
namespace {

constexpr std::string_view kColumns =
    "id, outcome, counts, disagrees, trips, latency_us, cost, live_variant, live_trips, live_latency_us, "
    "live_cost";
struct Column {
    enum Index : int {
        id,
        outcome,
        counts,
        disagrees,
        trips,
        latency,
        cost,
        live_variant,
        live_trips,
        live_latency,
        live_cost
    };
};

WallTime time_of(const Statement& row) {
    std::array<std::uint8_t, 16> bytes{};
    const std::string_view blob = row.blob(Column::id);
    std::memcpy(bytes.data(), blob.data(), std::min(blob.size(), bytes.size()));
    return CallId::from_bytes(bytes).time();
}

void count(ShadowPairs& pairs, const Statement& row) {
    const std::int64_t disagreed = row.integer(Column::disagrees);
    if (disagreed < 0)
        return;
    ++pairs.compared;
    pairs.disagreed += disagreed > 0 ? 1 : 0;
}

}  // namespace

ShadowCollector::ShadowCollector(const ShadowFilter& filter) : filter_(filter) {
    if (filter.since)
        since_ = lower_bound_id(*filter.since);
}

Result<> ShadowCollector::add(Database& database) {
    for (const ShadowRole role : {ShadowRole::candidate, ShadowRole::baseline}) {
        const Result<> taken = each(database, role, [&](const Statement& row) { take_pair(row, role); });
        if (!taken)
            return taken;
    }
    // Until the candidate has run there is nothing to compare the noise with.
    return each(database, ShadowRole::noise, [&](const Statement& row) { take_noise(row); });
}

template <class Take>
Result<> ShadowCollector::each(Database& database, ShadowRole role, Take take) {
    // The noise sample is of live variants, whichever they were.
    const bool noise = role == ShadowRole::noise;
    const std::optional<WallTime> begun = figures_.first;
    if (noise && !begun)
        return {};
    Result<Statement> statement =
        database.prepare(fmt::format("SELECT {} FROM shadow_calls WHERE feature = ? AND role = ? AND id >= ?{}",
                                     kColumns, noise ? "" : " AND variant = ? AND variant_hash = ?"));
    if (!statement)
        return statement.error();
    const std::string first = noise && begun ? std::max(since_, lower_bound_id(*begun)) : since_;
    statement->bind(1, filter_.feature);
    statement->bind(2, to_string(role));
    statement->bind_blob(3, first);
    if (!noise) {
        statement->bind(4, filter_.variant);
        statement->bind(5, filter_.variant_hash);
    }
    for (;;) {
        const Result<bool> row = statement->step();
        if (!row)
            return row.error();
        if (!*row)
            return {};
        take(*statement);
    }
}

void ShadowCollector::take_pair(const Statement& row, ShadowRole role) {
    ++figures_.runs;
    const WallTime time = time_of(row);
    figures_.first = figures_.first ? std::min(*figures_.first, time) : time;
    figures_.last = figures_.last ? std::max(*figures_.last, time) : time;
    if (row.integer(Column::counts) == 0)
        return;
    const std::string_view outcome = row.text(Column::outcome);
    figures_.failed += outcome == "ok" ? 0 : 1;
    count(figures_.pairs, row);

    ShadowSide& candidate = figures_.candidate;
    ++candidate.calls;
    candidate.tripped += row.integer(Column::trips) > 0 ? 1 : 0;
    candidate.cost.add(static_cast<double>(row.integer(Column::cost)));
    // What failed at once was not fast; what ran out of time took at least that long.
    if (outcome == "ok" || outcome == "timeout")
        candidate.latency.push_back(row.integer(Column::latency));

    const bool baseline = role == ShadowRole::baseline;
    count(figures_.by_live[baseline ? std::string() : std::string(row.text(Column::live_variant))], row);
    if (baseline)
        return;
    ShadowSide& live = figures_.live;
    ++live.calls;
    live.tripped += row.integer(Column::live_trips) > 0 ? 1 : 0;
    live.cost.add(static_cast<double>(row.integer(Column::live_cost)));
    live.latency.push_back(row.integer(Column::live_latency));
}

void ShadowCollector::take_noise(const Statement& row) {
    figures_.noise_cost += row.integer(Column::cost);
    if (row.integer(Column::counts) != 0)
        count(figures_.noise, row);
}

}  // namespace tidegate::events
