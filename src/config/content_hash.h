// A hash over all that an answer of a variant depends on, but for the request.
#pragma once

#include <tidegate/base/digest.h>
#include <tidegate/calls/variant.h>
#include <tidegate/yaml/cursor.h>

namespace tidegate::config {

// As written, with what its names stand for. Two variants that say the same in another order differ, which
// costs a call, or begins a comparison anew, and no more. `feature` is the entry below `root` in which the
// variant stands.
Digest content_hash(const yaml::Cursor& root, const yaml::Cursor& feature, const calls::Variant& variant);

}  // namespace tidegate::config
