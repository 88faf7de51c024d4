// The text of an answer for a record or a scorer; never on the way of a request.
#pragma once

#include <tidegate/dialect/format.h>

#include <string>
#include <string_view>

namespace tidegate::dialect {

// The text that the client saw in `raw` (a body, or the bytes of an event stream), as far as it can be read:
// `raw` may be cut anywhere. Of several choices the first; empty if there is none.
std::string answer_text(Format format, bool stream, std::string_view raw);

}  // namespace tidegate::dialect
