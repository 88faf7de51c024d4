// What an answer says, for a record, a comparison or a scorer; never on the way of a request.
#pragma once

#include <tidegate/dialect/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::dialect {

// The text that the client saw in `raw` (a body, or the bytes of an event stream), as far as it can be read:
// `raw` may be cut anywhere. Of several choices the first; empty if there is none.
std::string answer_text(Format format, bool stream, std::string_view raw);

struct DecodedToolCall {
    std::string name;
    std::string arguments;  // JSON, unless `raw` was cut within
};
struct DecodedAnswer {
    std::string text;  // as answer_text gives it
    std::vector<DecodedToolCall> tools;
};
// The same with the tools that it wants to run, in their order; a body that was cut shows none.
DecodedAnswer decode_answer(Format format, bool stream, std::string_view raw);

}  // namespace tidegate::dialect
