// SHA-256: what a secret is known by where the secret itself must not be kept, and what contents are told apart
// by.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate {

using Digest = std::array<std::uint8_t, 32>;

Digest digest_of(std::string_view text);
// 64 hexadecimal digits, in either case.
std::optional<Digest> parse_digest(std::string_view hex);
// 64 digits in lower case.
std::string to_hex(const Digest& digest);
// Takes the same time wherever they differ.
bool same_digest(const Digest& a, const Digest& b);

}  // namespace tidegate
