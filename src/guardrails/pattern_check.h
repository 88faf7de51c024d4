// A text check that is made of finders, which look for different things in one text.
#pragma once

#include <tidegate/guardrails/guardrail.h>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace tidegate::guardrails {

// Looks for one thing, or several that share a pass. As TextCheck: immutable, any thread, and what it says
// about a place depends on nothing further away than `longest_match`.
class Finder {
  public:
    virtual ~Finder() = default;
    // False: there is no match in `text`, which is found out at less cost than by looking for one.
    virtual bool may_match(std::string_view /*text*/) const { return true; }
    // The match that begins first, at `from` or behind it and before `until`; never an empty one.
    virtual std::optional<Match> next(std::string_view text, std::size_t from, std::size_t until) const = 0;
    virtual std::optional<std::size_t> longest_match() const = 0;
};

// The first match of all counts, of those that begin together the longest, then that of the first finder; the
// search goes on behind it. A text in which finders without a bound match too often to be searched in linear
// time ends with one match of all the rest.
std::unique_ptr<const TextCheck> make_pattern_check(std::vector<std::unique_ptr<const Finder>> finders);

}  // namespace tidegate::guardrails
