// A provider's error, out of a parsed body or event.
#pragma once

#include <tidegate/dialect/error.h>

#include <simdjson.h>

namespace tidegate::dialect::detail {

// `root` is what holds `error` (or the error itself, or an array of one). Empty members where it says nothing.
ProviderError read_error_element(const simdjson::dom::element& root);

}  // namespace tidegate::dialect::detail
