#include "cursor_file.h"

#include "disk.h"

#include <tidegate/base/log.h>

#include <charconv>

#include <fmt/format.h>

namespace tidegate::events {

Result<std::optional<Cursor>> load_cursor(const std::string& path) {
    const Result<std::optional<std::string>> read = read_small_file(path);
    if (!read)
        return read.error();
    const std::optional<std::string>& text = *read;
    if (!text)
        return std::optional<Cursor>();
    const char* const end = text->data() + text->size();
    Cursor cursor;
    const auto first = std::from_chars(text->data(), end, cursor.segment);
    if (first.ec == std::errc{} && first.ptr != end && *first.ptr == ' ') {
        const auto second = std::from_chars(first.ptr + 1, end, cursor.offset);
        if (second.ec == std::errc{} && second.ptr + 1 == end && *second.ptr == '\n')
            return std::optional(cursor);
    }
    log::warn("events", "{} is no cursor: reading all again", path);
    return std::optional(Cursor{});
}

Result<> save_cursor(const std::string& path, Cursor cursor) {
    return replace_file(path, fmt::format("{} {}\n", cursor.segment, cursor.offset));
}

}  // namespace tidegate::events
