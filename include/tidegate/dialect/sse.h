// Server-sent events by the WHATWG rules, whatever way the bytes are cut.
#pragma once

#include <tidegate/base/result.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::dialect {

// One block of lines up to its blank line. Views live until the parser's next call.
struct SseEvent {
    std::string_view name = {};  // `event:`; empty means "message"
    std::string_view data = {};  // lines joined by \n
    std::string_view raw = {};   // the bytes as they came, with the blank line (a byte order mark is left out)
    bool has_data =
        false;  // without data it is no event by the rules (comments, a lone name), but raw is to be passed on
};

// Feed bytes as they come, then take events until there is none. Memory is bounded by `max_event` plus what is
// fed.
class SseParser {
  public:
    static constexpr std::size_t kDefaultMaxEvent = 1U << 20U;

    explicit SseParser(std::size_t max_event = kDefaultMaxEvent) : x_max_event(max_event) {}

    // `bytes` must live until next() has returned nullopt.
    void feed(std::string_view bytes);
    // The next complete block, nullopt if more bytes are needed. too_large (source upstream): an event of more
    // than `max_event` bytes; nothing more can be read then.
    Result<std::optional<SseEvent>> next();

    // Bytes of a block that has not ended. By the rules an event without its blank line is never dispatched;
    // providers forget it, so at the end of the body finish() gives the last block as if it had one.
    Result<std::optional<SseEvent>> finish();

    std::string_view last_event_id() const { return x_last_id; }
    std::optional<std::int64_t> retry() const { return x_retry; }  // ms

  private:
    std::optional<SseEvent> take_plain_event();
    std::size_t find_block_end(std::string_view bytes);
    SseEvent parse_block(std::string_view raw);
    void take_line(std::string_view line, SseEvent& event);

    std::size_t x_max_event;
    std::string x_held;        // an unfinished block
    std::string_view x_fresh;  // fed and not yet taken
    bool x_fresh_has_cr = false;
    bool x_line_empty = true;  // no byte on the current line so far
    bool x_after_cr = false;   // the last byte was \r: a \n now belongs to it
    bool x_block_empty = true;
    bool x_started = false;     // the byte order mark was looked for
    bool x_held_taken = false;  // x_held was given out by the last next()
    std::string x_data;         // joined, when an event has several data lines
    std::string x_last_id;
    std::optional<std::int64_t> x_retry;
};

}  // namespace tidegate::dialect
