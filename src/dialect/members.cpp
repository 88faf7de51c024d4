#include "members.h"

#include <string>

namespace tidegate::dialect::detail {
namespace {

constexpr std::size_t kSlots = 256;

constexpr std::size_t slot_of(std::string_view key, std::uint32_t factor) {
    const auto byte = [&](std::size_t at) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(key[at]));
    };
    const std::uint32_t mix = (byte(0) * 31U + byte(key.size() / 2)) * factor + byte(key.size() - 1) * 131U +
                              static_cast<std::uint32_t>(key.size()) * 7U;
    return (mix ^ (mix >> 8U)) % kSlots;
}

struct Table {
    std::array<Known, kSlots> slots{};
    std::uint32_t factor = 0;
};

// A perfect hash, found by the compiler: the first factor that puts each name into a slot of its own.
consteval Table build_table() {
    for (std::uint32_t factor = 1; factor < 4096; ++factor) {
        Table table;
        table.factor = factor;
        table.slots.fill(Known::count);
        bool collision = false;
        for (std::size_t i = 0; i < kKnownCount && !collision; ++i) {
            Known& slot = table.slots[slot_of(kKnownNames[i], factor)];
            collision = slot != Known::count;
            slot = static_cast<Known>(i);
        }
        if (!collision)
            return table;
    }
    return {};
}

constexpr Table kTable = build_table();
static_assert(kTable.factor != 0, "no perfect hash: give it more slots");

}  // namespace

Known find_known(std::string_view key) {
    if (key.empty())
        return Known::count;
    const Known known = kTable.slots[slot_of(key, kTable.factor)];
    return known != Known::count && name_of(known) == key ? known : Known::count;
}

bool resembles_known(std::string_view key) {
    if (key.size() > 64)
        return false;
    bool other = false;
    for (const char c : key) other = other || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
    if (!other)
        return false;
    std::string folded;
    for (std::size_t i = 0; i < key.size(); ++i) {
        if (key.substr(i).starts_with("\u017f")) {
            folded += 's';
            ++i;
        } else if (key.substr(i).starts_with("\u212a")) {
            folded += 'k';
            i += 2;
        } else {
            folded += key[i] >= 'A' && key[i] <= 'Z' ? static_cast<char>(key[i] - 'A' + 'a') : key[i];
        }
    }
    return find_known(folded) != Known::count;
}

}  // namespace tidegate::dialect::detail
