#include "http/characters.h"

#include <cstdint>
#include <cstring>

namespace tidegate::http {

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
        if (((below_space | is_delete) & kHigh) != 0)
            break;
        from += 8;
    }
    while (from < text.size() && !is_control(text[from])) ++from;
    return from;
}

}  // namespace tidegate::http
