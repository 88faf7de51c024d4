// A request in a form that two requests share only if they ask for the same answer: what a cache's key is made
// of.
#pragma once

#include <tidegate/dialect/request_view.h>

#include <string>

namespace tidegate::dialect {

// Appends format, operation, whether a stream (and usage on it) is asked for, and the body: its members by
// name, without whitespace. Left out is what does not change the answer: who asks (`user`, `safety_identifier`,
// `metadata`), `model` (the feature's variant decides it), `tidegate`, and `stream_options` but for its usage.
//
// It errs on the side of a difference: other spellings of a number or string differ, and within schemas and
// tools' arguments members keep their order, which models follow. Not for the hot path of requests that nobody
// caches: it walks the whole body.
void append_canonical(const RequestView& request, std::string& out);

}  // namespace tidegate::dialect
