// One answer, as it was given and may be given again.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tidegate::cache {

// Answers larger than this are neither stored nor held for those who join late.
inline constexpr std::size_t kLargestEntry = 16 << 20;

// A guardrail that has found something, which a record of the answer must not hold.
struct Tripped {
    std::string guardrail;
    std::string category;
    bool input = false;  // in the request, else in the answer

    bool operator==(const Tripped&) const = default;
};

// Which call the answer was made for, and by which entry of its chain.
struct Origin {
    std::string call_id;
    std::string variant;           // the variant that answered; empty if none did
    std::string fallback_entry;    // empty if the decided variant answered
    std::string fallback_reason;   // why it did not
    std::vector<Tripped> tripped;  // known when the answer is complete

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
