// The client's headers that mean something to a provider of the same dialect.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace tidegate::http {
struct Request;
}

namespace tidegate::pipeline {

inline constexpr std::array<std::string_view, 3> kPassedHeaders{"anthropic-version", "anthropic-beta",
                                                                "openai-beta"};
// Those that the request has, as lines.
std::string passed_headers(const http::Request& request);

}  // namespace tidegate::pipeline
