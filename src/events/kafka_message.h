// What a message holds of a record: all of it, or what fits.
#pragma once

#include <tidegate/events/log_reader.h>

#include <cstddef>
#include <string>

namespace tidegate::events {

// The record's JSON in at most `limit` bytes (which are at least 3 KiB). Content is cut first, each side as
// little as it takes, and `content.cut` is then true; a record that is too long without any content keeps what
// identifies it and what it cost, and its own `cut` is true.
std::string fit_message(const LogRecord& record, std::size_t limit);

}  // namespace tidegate::events
