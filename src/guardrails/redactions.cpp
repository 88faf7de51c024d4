#include <tidegate/guardrails/redactions.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace tidegate::guardrails {
namespace {

void append_category(std::string& out, const Redactions::Place& place) {
    out.append("[").append(place.category).append("]");
}

// A place of no length overlaps with what begins there.
std::uint64_t reach(const Redactions::Place& place) {
    return std::max(place.end, place.begin + 1);
}

}  // namespace

void Redactions::add(Place place) {
    auto at = x_places.lower_bound({place.begin, place.begin});
    if (at != x_places.begin())
        --at;  // the only one before that may reach into it
    while (at != x_places.end() && at->second.begin < reach(place)) {
        Place& other = at->second;
        if (place.begin >= reach(other)) {
            ++at;
            continue;
        }
        if (std::tie(other.begin, other.rank) < std::tie(place.begin, place.rank)) {
            place.category = std::move(other.category);
            place.rank = other.rank;
        }
        place.begin = std::min(place.begin, other.begin);
        place.end = std::max(place.end, other.end);
        at = x_places.erase(at);
    }
    const std::pair key{place.begin, place.end};
    x_places.try_emplace(key, std::move(place));
}

bool Redactions::write(std::string_view text, std::uint64_t base, std::uint64_t from, std::uint64_t to,
                       std::string& out) const {
    bool changed = false;
    std::uint64_t at = from;
    for (const auto& [key, place] : x_places) {
        if (place.begin >= to)
            break;
        if (place.begin >= from) {
            out.append(text.substr(at - base, place.begin - at));
            append_category(out, place);
            changed = true;
        }
        changed = changed || place.end > at;
        at = std::max(at, std::min(place.end, to));
    }
    out.append(text.substr(at - base, to - at));
    return changed;
}

std::string Redactions::write_all(std::string_view text) const {
    std::string out;
    write(text, 0, 0, text.size(), out);
    if (!x_places.empty() && x_places.rbegin()->second.begin >= text.size())
        append_category(out, x_places.rbegin()->second);
    return out;
}

void Redactions::drop(std::uint64_t end) {
    while (!x_places.empty() && x_places.begin()->second.end <= end) x_places.erase(x_places.begin());
}

}  // namespace tidegate::guardrails
