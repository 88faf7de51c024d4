// One answer, as it was given and may be given again.
#pragma once

#include <cstddef>
#include <string>

namespace tidegate::cache {

// Answers larger than this are neither stored nor held for those who join late.
inline constexpr std::size_t kLargestEntry = 16 << 20;

// Which call the answer was made for, and by which entry of its chain.
struct Origin {
    std::string call_id;
    std::string variant;          // the variant that answered; empty if none did
    std::string fallback_entry;   // empty if the decided variant answered
    std::string fallback_reason;  // why it did not

    bool operator==(const Origin&) const = default;
};

// Immutable once shared.
struct Entry {
    Origin origin;
    std::string model;   // as the provider named it
    std::string finish;  // why the model stopped
    bool stream = false;
    std::string body;  // in the client's format; of a stream its events

    bool operator==(const Entry&) const = default;
};

// What it holds in memory, in bytes.
std::size_t memory_of(const Entry& entry);

}  // namespace tidegate::cache
