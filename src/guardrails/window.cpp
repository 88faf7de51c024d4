#include <tidegate/guardrails/window.h>

#include <algorithm>

namespace tidegate::guardrails {
namespace {

// Trimming copies what remains: not for a few bytes.
constexpr std::size_t kLeastTrim = 1024;

}  // namespace

Window::Window(std::span<const WindowRule> rules) : x_rules(rules), x_states(rules.size()) {}

void Window::feed(std::string_view text, std::vector<Find>& finds) {
    x_text.append(text);
    for (std::size_t rule = 0; rule < x_rules.size(); ++rule) {
        if (x_rules[rule].reach)
            scan(rule, false, finds);
    }
}

void Window::settle(std::vector<Find>& finds) {
    for (std::size_t rule = 0; rule < x_rules.size(); ++rule) {
        if (!x_rules[rule].reach || !x_rules[rule].holds)
            continue;
        scan(rule, true, finds);
        x_states[rule].seam = size();
    }
}

void Window::finish(std::vector<Find>& finds) {
    for (std::size_t rule = 0; rule < x_rules.size(); ++rule) scan(rule, true, finds);
}

std::uint64_t Window::decided() const {
    std::uint64_t decided = size();
    for (std::size_t rule = 0; rule < x_rules.size(); ++rule) {
        if (x_rules[rule].holds)
            decided = std::min(decided, x_states[rule].position);
    }
    return decided;
}

bool Window::write(std::uint64_t end, std::string& out) {
    const bool changed = x_redactions.write(x_text, x_base, x_written, end, out);
    x_written = end;
    x_redactions.drop(end);
    trim();
    return changed;
}

// Finds what has become certain: what begins so far before the end that no byte to come can change it.
void Window::scan(std::size_t rule, bool at_end, std::vector<Find>& finds) {
    State& state = x_states[rule];
    const std::uint64_t reach = x_rules[rule].reach.value_or(0);
    const std::uint64_t limit = at_end ? size() : whole(before(size(), reach));
    if (state.seam < size())
        scan_seam(rule, limit, finds);
    if (!at_end && limit <= state.position)
        return;
    x_matches.clear();
    x_rules[rule].check->find(x_text, state.position - x_base, limit - x_base, x_matches);
    for (const Match& match : x_matches) {
        const std::uint64_t begin = x_base + match.begin;
        finds.push_back({rule, match.category, false});
        if (x_rules[rule].redacts)
            x_redactions.add({begin, x_base + match.end, std::string(match.category), rule});
        state.position = x_base + match.end;
    }
    state.position = std::max(state.position, limit);
}

void Window::scan_seam(std::size_t rule, std::uint64_t limit, std::vector<Find>& finds) {
    State& state = x_states[rule];
    const std::uint64_t seam = state.seam;
    const std::uint64_t from = std::max(x_base, whole(before(seam, x_rules[rule].reach.value_or(0))));
    x_matches.clear();
    x_rules[rule].check->find(x_text, from - x_base, std::min(limit, seam) - x_base, x_matches);
    for (const Match& match : x_matches) {
        if (x_base + match.end <= seam)
            continue;
        finds.push_back({rule, match.category, true});
        state.seam = kNever;
        return;
    }
    if (limit >= seam)
        state.seam = kNever;
}

// Behind what was decided a check looks back once for a match, and once for its context.
void Window::trim() {
    std::uint64_t keep = x_written;
    for (std::size_t rule = 0; rule < x_rules.size(); ++rule) {
        const std::optional<std::size_t> reach = x_rules[rule].reach;
        if (!reach)
            return;
        keep = std::min(keep, before(x_states[rule].position, 2 * *reach));
    }
    keep = whole(keep);
    const std::size_t bytes = keep - x_base;
    if (bytes < kLeastTrim || bytes < x_text.size() / 2)
        return;
    x_text.erase(0, bytes);
    x_base = keep;
}

std::uint64_t Window::whole(std::uint64_t place) const {
    while (place > x_base && place < size() &&
           (static_cast<unsigned char>(x_text[place - x_base]) & 0xc0U) == 0x80U)
        --place;
    return place;
}

}  // namespace tidegate::guardrails
