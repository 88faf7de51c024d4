// Places in the log.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace tidegate::events {

// A place between two groups of the log. Groups before it have been read; {0, 0} is before everything.
struct Cursor {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;  // bytes from the start of the segment's file

    auto operator<=>(const Cursor&) const = default;
    // "12:34567", for messages.
    std::string to_string() const { return std::to_string(segment) + ":" + std::to_string(offset); }
};

// One record: the group it lies in, and its number there, from 0.
struct RecordPosition {
    Cursor group;
    std::uint32_t ordinal = 0;

    auto operator<=>(const RecordPosition&) const = default;
};

}  // namespace tidegate::events
