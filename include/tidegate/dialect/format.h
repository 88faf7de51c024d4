// The wire formats that the gateway speaks, and what can be asked in them.
#pragma once

#include <optional>
#include <string_view>

namespace tidegate::dialect {

enum class Format { openai, anthropic };

enum class Operation { chat, embeddings };

// Why a model stopped.
enum class Finish {
    none,            // not said (yet)
    stop,            // its own end, or a stop sequence
    length,          // a limit of tokens
    tool_calls,      // it wants tools to run
    content_filter,  // refused by the provider's filter or by the model
    paused,          // Anthropic's pause_turn
    other,
};

std::string_view to_string(Format format);
std::optional<Format> parse_format(std::string_view name);
std::string_view to_string(Operation operation);
std::string_view to_string(Finish finish);

}  // namespace tidegate::dialect
