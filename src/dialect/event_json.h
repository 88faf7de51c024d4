// The JSON of one event, parsed in a buffer that is used again.
#pragma once

#include "parsed_request.h"

#include <string>
#include <string_view>

namespace tidegate::dialect::detail {

class EventJson {
  public:
    // False if `data` is no JSON object. root() is valid until the next call.
    bool parse(std::string_view data) {
        if (x_parser.parser.capacity() > kKept && data.size() <= kKept) {
            x_parser = JsonParser();
            x_buffer = {};
        }
        x_size = data.size();
        x_buffer.assign(data).append(kBodyPadding, '\0');
        return x_parser.parse(document()).get(x_root) == simdjson::SUCCESS;
    }
    const simdjson::dom::object& root() const { return x_root; }
    std::string_view document() const { return std::string_view(x_buffer).substr(0, x_size); }
    JsonTokens tokens() const { return x_parser.tokens(document()); }

  private:
    // A parser takes 14 bytes for each of its capacity: one that an unusual event made larger is not kept.
    static constexpr std::size_t kKept = 64 * 1024;

    JsonParser x_parser;
    std::string x_buffer;
    std::size_t x_size = 0;
    simdjson::dom::object x_root;
};

// The one of this thread, which spares each open stream ten KiB. What is read of an event is taken before
// another one, of whatever stream, is parsed: nothing waits in between.
inline EventJson& thread_event_json() {
    thread_local EventJson json;
    return json;
}

// A string member, empty if it is absent or something else.
inline std::string_view string_at(const simdjson::dom::object& object, std::string_view name) {
    std::string_view text;
    return object[name].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

}  // namespace tidegate::dialect::detail
