#include <tidegate/guardrails/redactions.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace tidegate::guardrails {

void Redactions::add(Place place) {
    const auto overlaps = [&](const Place& other) {
        return place.begin < other.end && other.begin < place.end;
    };
    for (auto at = x_places.begin(); at != x_places.end();) {
        if (!overlaps(*at)) {
            ++at;
            continue;
        }
        if (std::tie(at->begin, at->rank) < std::tie(place.begin, place.rank)) {
            place.category = std::move(at->category);
            place.rank = at->rank;
        }
        place.begin = std::min(place.begin, at->begin);
        place.end = std::max(place.end, at->end);
        at = x_places.erase(at);
    }
    const auto behind = std::find_if(x_places.begin(), x_places.end(), [&](const Place& other) {
        return std::tie(place.begin, place.end) < std::tie(other.begin, other.end);
    });
    x_places.insert(behind, std::move(place));
}

bool Redactions::write(std::string_view text, std::uint64_t base, std::uint64_t from, std::uint64_t to,
                       std::string& out) const {
    bool changed = false;
    std::uint64_t at = from;
    for (const Place& place : x_places) {
        if (place.begin >= to)
            break;
        if (place.begin >= from) {
            out.append(text.substr(at - base, place.begin - at));
            out.append("[").append(place.category).append("]");
            changed = true;
        }
        changed = changed || place.end > at;
        at = std::max(at, std::min(place.end, to));
    }
    out.append(text.substr(at - base, to - at));
    return changed;
}

void Redactions::drop(std::uint64_t end) {
    std::erase_if(x_places, [&](const Place& place) { return place.end <= end; });
}

}  // namespace tidegate::guardrails
