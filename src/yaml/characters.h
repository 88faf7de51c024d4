// Characters, without the locale.
#pragma once

namespace tidegate::yaml {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace tidegate::yaml
