// The configuration's `records` and `events`.
#pragma once

#include <tidegate/events/recorder.h>
#include <tidegate/yaml/cursor.h>

namespace tidegate::events {

// Either may be absent: then all defaults hold. Problems go to the cursors' document.
RecorderOptions parse_recorder_options(yaml::Cursor records, yaml::Cursor events);

}  // namespace tidegate::events
