// Whole numbers as bytes, the lowest first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::events {

template <class T>
void put(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
        out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

// `bytes` must reach that far.
template <class T>
T get(std::string_view bytes, std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value |= std::uint64_t{static_cast<std::uint8_t>(bytes[at + i])} << (8 * i);
    }
    return static_cast<T>(value);
}

}  // namespace tidegate::events
