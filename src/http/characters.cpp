#include "http/characters.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace tidegate::http {

static_assert(std::endian::native == std::endian::little);

// Eight bytes a step, because every byte of every head passes here.
std::size_t find_control(std::string_view text, std::size_t from) {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    constexpr std::uint64_t kHigh = 0x8080808080808080;
    while (from + 8 <= text.size()) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + from, 8);
        const std::uint64_t below_space = (word - kOnes * 0x20) & ~word;
        const std::uint64_t without_delete = word ^ (kOnes * 0x7f);
        const std::uint64_t is_delete = (without_delete - kOnes) & ~without_delete;
        // Subtracting borrows from bytes behind one that is found only: the first is told for certain.
        if (const std::uint64_t found = (below_space | is_delete) & kHigh; found != 0)
            return from + static_cast<std::size_t>(std::countr_zero(found)) / 8;
        from += 8;
    }
    while (from < text.size() && !is_control(text[from])) ++from;
    return from;
}

}  // namespace tidegate::http
