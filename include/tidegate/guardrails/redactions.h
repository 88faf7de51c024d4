// What is to be replaced in a text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace tidegate::guardrails {

// Places of one text, in bytes. Those that overlap are one; its category is that of the first, and of two that
// begin together that of the smaller rank. A value type.
class Redactions {
  public:
    struct Place {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        std::string category = {};
        std::size_t rank = 0;
    };

    void add(Place place);
    bool empty() const { return x_places.empty(); }
    // Calls fn(const Place&) for each, in their order.
    template <class Function>
    void for_each(Function&& fn) const {
        for (const auto& [key, place] : x_places) fn(place);
    }

    // Appends the bytes [from, to) of the text, of which `text` begins at `base`: each place that begins there
    // as "[category]", nothing of a place that begins before. True if that is not what stands there.
    bool write(std::string_view text, std::uint64_t base, std::uint64_t from, std::uint64_t to,
               std::string& out) const;
    // The whole of a text, with what was found at its very end.
    std::string write_all(std::string_view text) const;
    // Forgets places that end at `end` or before.
    void drop(std::uint64_t end);

  private:
    // By begin and end, without overlap: thousands may be found in a text.
    std::map<std::pair<std::uint64_t, std::uint64_t>, Place> x_places;
};

}  // namespace tidegate::guardrails
