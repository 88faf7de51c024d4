// An answer as bytes, for a cache that other processes share.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/cache/entry.h>

#include <memory>
#include <string>
#include <string_view>

namespace tidegate::cache {

// The number of this form stands in the names of the keys, so that another version never reads it.
inline constexpr std::string_view kEntryForm = "1";

// `held_for`: after which the server drops it; with what is left of that its age is known by the server's own
// clock.
std::string encode(const Entry& entry, std::chrono::milliseconds held_for);

struct DecodedEntry {
    std::shared_ptr<const Entry> entry;  // null: these bytes are no answer
    std::chrono::milliseconds held_for{};
};
DecodedEntry decode(std::string_view bytes);

}  // namespace tidegate::cache
