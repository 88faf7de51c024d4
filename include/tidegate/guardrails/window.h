// A text that is checked while it grows: how much of it is known, and what of it may be shown.
#pragma once

#include <tidegate/guardrails/guardrail.h>
#include <tidegate/guardrails/redactions.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::guardrails {

// One check of a window.
struct WindowRule {
    const TextCheck* check = nullptr;
    std::optional<std::size_t> reach = {};  // its longest match; nothing: it is asked at the end only
    bool holds = false;                     // text is not decided before this check has decided about it
    bool redacts = false;                   // what matches is written as "[category]"
};

// A match that has become certain.
struct Find {
    std::size_t rule = 0;
    std::string_view category = {};
    bool torn = false;  // its beginning had been decided before its end came: see Window::settle
};

// Gives the same finds and the same text as a check of the whole would, however the text is cut. Memory: four
// times the longest reach, and what is not yet written; everything if a rule has no reach. One thread.
class Window {
  public:
    // `rules` outlives it.
    explicit Window(std::span<const WindowRule> rules);

    // Takes the next whole characters. New finds are appended.
    void feed(std::string_view text, std::vector<Find>& finds);
    // Decides about everything so far for the holding rules as if the text ended here. If it goes on, a match
    // that spans this place is found torn, as soon as it is certain and before anything behind is decided.
    void settle(std::vector<Find>& finds);
    // The text ends.
    void finish(std::vector<Find>& finds);

    std::uint64_t size() const { return x_base + x_text.size(); }
    // Before this place every holding rule has found all that it will find.
    std::uint64_t decided() const;
    // Appends what may be shown of the text from where the last call ended up to `end`, which is decided. True
    // if it is not the text as it came.
    bool write(std::uint64_t end, std::string& out);

    // Bytes held.
    std::size_t memory() const { return x_text.capacity(); }

  private:
    static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

    struct State {
        std::uint64_t position = 0;   // what begins before has been found
        std::uint64_t seam = kNever;  // settled here, and a match may span it
    };

    void scan(std::size_t rule, bool at_end, std::vector<Find>& finds);
    void scan_seam(std::size_t rule, std::uint64_t limit, std::vector<Find>& finds);
    void trim();
    // The place, moved to the beginning of the character that it lies in.
    std::uint64_t whole(std::uint64_t place) const;
    static std::uint64_t before(std::uint64_t place, std::uint64_t bytes) {
        return place - std::min(place, bytes);
    }

    std::span<const WindowRule> x_rules;
    std::vector<State> x_states;
    std::string x_text;  // from x_base on
    std::uint64_t x_base = 0;
    std::uint64_t x_written = 0;
    Redactions x_redactions;
    std::vector<Match> x_matches;  // scratch
};

}  // namespace tidegate::guardrails
