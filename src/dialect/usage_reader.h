// Usage out of a provider's own figures.
#pragma once

#include <tidegate/dialect/usage.h>

#include <cstdint>
#include <optional>

#include <simdjson.h>

namespace tidegate::dialect::detail {

// A number of tokens in [0, Usage::kMaximum]; nullopt if it is no number.
std::optional<std::int64_t> read_tokens(simdjson::simdjson_result<simdjson::dom::element> value);

Usage read_openai_usage(const simdjson::dom::object& usage);

// Anthropic says the input side first and the output at the end: what comes later wins, member by member.
class AnthropicUsage {
  public:
    void merge(const simdjson::dom::object& usage);
    // `final_figures`: the output is not merely the one that a message starts with.
    Usage usage(bool final_figures) const;

  private:
    std::int64_t x_input = 0;
    std::int64_t x_cache_read = 0;
    std::int64_t x_cache_write = 0;
    std::int64_t x_cache_write_5m = 0;
    std::int64_t x_cache_write_1h = 0;
    std::int64_t x_output = 0;
    std::int64_t x_thinking = 0;
    bool x_any = false;
};

}  // namespace tidegate::dialect::detail
