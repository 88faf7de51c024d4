// What was asked and answered, as it lies in the log: the bytes as they were, behind a few that describe them
// (docs/log_format.md). In the JSON form it is the member `content`.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/events/call_record.h>

#include <string>
#include <string_view>

namespace tidegate::events {

void append_content(std::string& out, const CallRecord& record);
// Sets the content of `record`. Fails, and may have set a part of it, if `bytes` are not what the other writes.
Result<> read_content(std::string_view bytes, CallRecord& record);

// Adds the member `content`, if there is any, to the JSON form without it.
void insert_content(std::string& json, const CallRecord& record);

}  // namespace tidegate::events
