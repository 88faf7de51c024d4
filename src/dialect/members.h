// The members at the top of a request that some decision or translation reads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidegate::dialect::detail {

enum class Known : std::uint8_t {
    model,
    messages,
    system,
    input,
    stream,
    stream_options,
    user,
    safety_identifier,
    metadata,
    tidegate,
    max_tokens,
    max_completion_tokens,
    n,
    temperature,
    top_p,
    top_k,
    stop,
    stop_sequences,
    seed,
    frequency_penalty,
    presence_penalty,
    logprobs,
    top_logprobs,
    logit_bias,
    reasoning_effort,
    thinking,
    tools,
    functions,
    tool_choice,
    function_call,
    parallel_tool_calls,
    response_format,
    output_config,
    output_format,
    previous_response_id,
    conversation,
    container,
    prompt,
    service_tier,
    inference_geo,
    prediction,
    audio,
    modalities,
    web_search_options,
    cache_control,
    mcp_servers,
    cached_content,
    count,
};

inline constexpr std::size_t kKnownCount = static_cast<std::size_t>(Known::count);

inline constexpr std::array<std::string_view, kKnownCount> kKnownNames = {
    "model",
    "messages",
    "system",
    "input",
    "stream",
    "stream_options",
    "user",
    "safety_identifier",
    "metadata",
    "tidegate",
    "max_tokens",
    "max_completion_tokens",
    "n",
    "temperature",
    "top_p",
    "top_k",
    "stop",
    "stop_sequences",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "reasoning_effort",
    "thinking",
    "tools",
    "functions",
    "tool_choice",
    "function_call",
    "parallel_tool_calls",
    "response_format",
    "output_config",
    "output_format",
    "previous_response_id",
    "conversation",
    "container",
    "prompt",
    "service_tier",
    "inference_geo",
    "prediction",
    "audio",
    "modalities",
    "web_search_options",
    "cache_control",
    "mcp_servers",
    "cached_content",
};

inline constexpr std::string_view name_of(Known known) {
    return kKnownNames[static_cast<std::size_t>(known)];
}

// Known::count if `key` is none of them.
Known find_known(std::string_view key);
// Whether `key` is a known name in other letters, as some JSON readers would take it ("Model", "\u017ftream").
bool resembles_known(std::string_view key);

}  // namespace tidegate::dialect::detail
