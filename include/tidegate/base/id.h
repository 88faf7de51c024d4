// Identifiers that sort by time: UUID version 7 (RFC 9562, section 5.7).
#pragma once

#include <tidegate/base/clock.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate {

class CallId {
  public:
    // All zero: no call.
    constexpr CallId() = default;

    // A new id of the given time; random bits come from a generator of the calling thread, seeded by the
    // kernel.
    static CallId make(WallTime now);
    // Reads the 36-character text form, in either case.
    static std::optional<CallId> parse(std::string_view text);

    // What `bytes` gave.
    static constexpr CallId from_bytes(const std::array<std::uint8_t, 16>& bytes) {
        CallId id;
        id.bytes_ = bytes;
        return id;
    }

    // "0192f0c1-7b3a-7c1e-8f00-0123456789ab"
    std::string to_string() const;
    // The millisecond of its making.
    WallTime time() const;
    const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }

    auto operator<=>(const CallId&) const = default;

  private:
    std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace tidegate
