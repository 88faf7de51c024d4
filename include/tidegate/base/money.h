// Money as an integer number of nano-dollars (1 USD = 10^9), never floating point.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate {

// A value type. The range of ±9.2 billion dollars is enough for any month of any feature.
class NanoDollars {
  public:
    constexpr NanoDollars() = default;
    constexpr explicit NanoDollars(std::int64_t nanos) : nanos_(nanos) {}

    // Reads a decimal number of dollars with at most nine decimals ("0.40"); nothing if it is anything else.
    static std::optional<NanoDollars> parse(std::string_view text);

    constexpr std::int64_t count() const { return nanos_; }
    // "0.000123000": always nine decimals, so that sums of printed costs are exact.
    std::string to_string() const;
    // For display and metrics only.
    constexpr double to_dollars() const { return static_cast<double>(nanos_) / 1e9; }

    constexpr auto operator<=>(const NanoDollars&) const = default;
    constexpr NanoDollars operator+(NanoDollars other) const { return NanoDollars{nanos_ + other.nanos_}; }
    constexpr NanoDollars operator-(NanoDollars other) const { return NanoDollars{nanos_ - other.nanos_}; }
    constexpr NanoDollars& operator+=(NanoDollars other) {
        nanos_ += other.nanos_;
        return *this;
    }

  private:
    std::int64_t nanos_ = 0;
};

// a + b, at most (at least) what NanoDollars hold: for sums of what others report.
constexpr NanoDollars saturated_sum(NanoDollars a, NanoDollars b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.count(), b.count(), &sum))
        return NanoDollars{b.count() < 0 ? std::numeric_limits<std::int64_t>::min()
                                         : std::numeric_limits<std::int64_t>::max()};
    return NanoDollars{sum};
}

}  // namespace tidegate
