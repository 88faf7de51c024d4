#include <tidegate/dialect/sse.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace tidegate::dialect {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

Error too_large(std::size_t bytes) {
    return {.kind = ErrorKind::too_large,
            .source = ErrorSource::upstream,
            .message = "an event of the stream is larger than " + std::to_string(bytes) + " bytes"};
}

}  // namespace

void SseParser::feed(std::string_view bytes) {
    x_fresh = bytes;
    x_fresh_has_cr = bytes.find('\r') != std::string_view::npos;
}

// The end of the block within `bytes` (behind its blank line), npos if it does not end here. Lines end with \n,
// \r\n or
// \r; a \r at the very end ends the block at once, and a \n that follows it becomes a block of its own without
// a line.
std::size_t SseParser::find_block_end(std::string_view bytes) {
    std::size_t at = 0;
    if (x_after_cr) {
        x_after_cr = false;
        if (bytes[0] == '\n') {
            at = 1;
            if (x_block_empty)
                return at;  // the rest of the \r\n that ended the block before
        }
    }
    while (at < bytes.size()) {
        std::size_t end = std::string_view::npos;
        if (x_fresh_has_cr) {
            end = bytes.find_first_of("\r\n", at);
        } else if (const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at)) {
            end = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
        }
        if (end == std::string_view::npos) {
            x_line_empty = false;
            x_block_empty = false;
            return end;
        }
        const bool blank = x_line_empty && end == at;
        x_line_empty = true;
        x_block_empty = false;
        at = end + 1;
        if (bytes[end] == '\r') {
            if (at == bytes.size()) {
                x_after_cr = true;
            } else if (bytes[at] == '\n') {
                ++at;
            }
        }
        if (blank) {
            x_block_empty = true;
            return at;
        }
    }
    return std::string_view::npos;
}

// Most events are one line of data, came whole, and need no look at each line.
std::optional<SseEvent> SseParser::take_plain_event() {
    constexpr std::string_view kData = "data: ";
    if (!x_started || !x_block_empty || x_after_cr || x_fresh_has_cr || !x_fresh.starts_with(kData))
        return std::nullopt;
    const std::size_t end = x_fresh.find('\n');
    if (end == std::string_view::npos || !x_fresh.substr(end).starts_with("\n\n") || end + 2 > x_max_event)
        return std::nullopt;
    SseEvent event;
    event.data = x_fresh.substr(kData.size(), end - kData.size());
    event.raw = x_fresh.substr(0, end + 2);
    event.has_data = true;
    x_fresh.remove_prefix(end + 2);
    return event;
}

Result<std::optional<SseEvent>> SseParser::next() {
    if (x_held_taken) {
        x_held.clear();
        x_held_taken = false;
    }
    if (x_fresh.empty())
        return std::nullopt;
    if (auto event = take_plain_event())
        return event;
    const std::size_t end = find_block_end(x_fresh);
    const std::size_t size = x_held.size() + (end == std::string_view::npos ? x_fresh.size() : end);
    if (size > x_max_event)
        return too_large(x_max_event);
    if (end == std::string_view::npos) {
        x_held.append(x_fresh);
        x_fresh = {};
        return std::nullopt;
    }
    std::string_view raw = x_fresh.substr(0, end);
    x_fresh.remove_prefix(end);
    if (!x_held.empty()) {
        x_held.append(raw);
        x_held_taken = true;
        raw = x_held;
    }
    return parse_block(raw);
}

Result<std::optional<SseEvent>> SseParser::finish() {
    if (x_held_taken || x_held.empty())
        return std::nullopt;
    x_held_taken = true;
    return parse_block(x_held);
}

SseEvent SseParser::parse_block(std::string_view raw) {
    if (!x_started) {
        x_started = true;
        if (raw.starts_with(kByteOrderMark))
            raw.remove_prefix(kByteOrderMark.size());
    }
    SseEvent event;
    event.raw = raw;
    x_data.clear();
    const bool has_cr = raw.find('\r') != std::string_view::npos;
    std::size_t at = 0;
    while (at < raw.size()) {
        // find() is a vector instruction, find_first_of() a loop over bytes.
        const std::size_t found = has_cr ? raw.find_first_of("\r\n", at) : raw.find('\n', at);
        const std::size_t end = std::min(found, raw.size());
        if (end > at)
            take_line(raw.substr(at, end - at), event);
        at = end + 1;
    }
    return event;
}

void SseParser::take_line(std::string_view line, SseEvent& event) {
    const std::size_t colon = line.find(':');
    if (colon == 0)
        return;  // a comment
    const std::string_view field = line.substr(0, colon);
    std::string_view value = line.substr(std::min(colon, line.size() - 1) + 1);
    if (value.starts_with(' '))
        value.remove_prefix(1);
    if (field == "data") {
        if (!event.has_data) {
            event.data = value;
        } else {
            if (x_data.empty())
                x_data.assign(event.data);
            x_data += '\n';
            x_data.append(value);
            event.data = x_data;
        }
        event.has_data = true;
    } else if (field == "event") {
        event.name = value;
    } else if (field == "id") {
        if (value.find('\0') == std::string_view::npos)
            x_last_id.assign(value);
    } else if (field == "retry") {
        std::int64_t milliseconds = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), milliseconds);
        if (error == std::errc() && end == value.data() + value.size() && value.front() != '-')
            x_retry = milliseconds;
    }
}

}  // namespace tidegate::dialect
