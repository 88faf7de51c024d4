// Reads the SHA-256 of secrets.
#pragma once

#include <tidegate/base/digest.h>
#include <tidegate/yaml/cursor.h>

#include <string_view>
#include <vector>

namespace tidegate::yaml {

// Required: one digest of 64 hexadecimal digits, or a list of two while a secret is being replaced. `what` says
// in problems whose it is ("the token"). The digest of an empty secret is refused.
std::vector<Digest> read_digests(const Cursor& at, std::string_view what);

}  // namespace tidegate::yaml
