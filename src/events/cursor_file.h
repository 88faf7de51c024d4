// A sink's cursor in a small file: "segment offset\n".
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/events/position.h>

#include <optional>
#include <string>

namespace tidegate::events {

// Nothing if there is no file. One that makes no sense is read as the beginning: delivery is at least once.
Result<std::optional<Cursor>> load_cursor(const std::string& path);
// Durable when it returns.
Result<> save_cursor(const std::string& path, Cursor cursor);

}  // namespace tidegate::events
