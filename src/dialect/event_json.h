// The JSON of one event, parsed in a buffer that is used again.
#pragma once

#include "parsed_request.h"

#include <string>
#include <string_view>

namespace tidegate::dialect::detail {

class EventJson {
  public:
    // Events are small, and a parser takes 14 bytes a byte: each open stream has one.
    EventJson() { x_state.first_capacity = 1024; }

    // False if `data` is no JSON object. root() is valid until the next call.
    bool parse(std::string_view data) {
        x_size = data.size();
        x_buffer.assign(data).append(kBodyPadding, '\0');
        return x_state.parse(document()).get(x_root) == simdjson::SUCCESS;
    }
    const simdjson::dom::object& root() const { return x_root; }
    std::string_view document() const { return std::string_view(x_buffer).substr(0, x_size); }
    JsonTokens tokens() const { return x_state.tokens(document()); }

  private:
    ParserState x_state;
    std::string x_buffer;
    std::size_t x_size = 0;
    simdjson::dom::object x_root;
};

// A string member, empty if it is absent or something else.
inline std::string_view string_at(const simdjson::dom::object& object, std::string_view name) {
    std::string_view text;
    return object[name].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

}  // namespace tidegate::dialect::detail
