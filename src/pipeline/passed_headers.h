// The client's headers that mean something to a provider of the same dialect.
#pragma once

#include <array>
#include <string_view>

namespace tidegate::pipeline {

inline constexpr std::array<std::string_view, 3> kPassedHeaders{"anthropic-version", "anthropic-beta",
                                                                "openai-beta"};

}  // namespace tidegate::pipeline
