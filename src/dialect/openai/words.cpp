#include "words.h"

#include <iterator>

#include <fmt/format.h>

namespace tidegate::dialect::openai {

Finish read_finish(std::string_view reason) {
    if (reason.empty())
        return Finish::none;
    if (reason == "stop")
        return Finish::stop;
    if (reason == "length")
        return Finish::length;
    if (reason == "tool_calls" || reason == "function_call")
        return Finish::tool_calls;
    if (reason == "content_filter")
        return Finish::content_filter;
    return Finish::other;
}

std::string_view write_finish(Finish finish) {
    switch (finish) {
        case Finish::length:
            return "length";
        case Finish::tool_calls:
            return "tool_calls";
        case Finish::content_filter:
            return "content_filter";
        default:
            return "stop";
    }
}

void append_usage(std::string& out, const Usage& usage) {
    fmt::format_to(
        std::back_inserter(out),
        R"({{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},"prompt_tokens_details":{{"cached_tokens":{},)"
        R"("cache_write_tokens":{},"audio_tokens":{}}},"completion_tokens_details":{{"reasoning_tokens":{},"audio_tokens":{}}}}})",
        usage.prompt_total(), usage.completion_total(), usage.total(), usage.cache_read,
        usage.cache_write + usage.cache_write_1h, usage.audio_input, usage.reasoning, usage.audio_output);
}

bool has_content(const simdjson::dom::object& message) {
    for (const auto field : message) {
        const std::string_view key = field.key;
        if (key == "content" || key == "refusal" || key == "reasoning_content" || key == "reasoning") {
            if (field.value.is_string() && field.value.get_string_length().value_unsafe() > 0)
                return true;
            simdjson::dom::array parts;
            if (field.value.get(parts) == simdjson::SUCCESS && parts.begin() != parts.end())
                return true;
        } else if (key == "tool_calls") {
            simdjson::dom::array calls;
            if (field.value.get(calls) == simdjson::SUCCESS && calls.begin() != calls.end())
                return true;
        } else if (key == "function_call" || key == "audio") {
            if (field.value.is_object())
                return true;
        }
    }
    return false;
}

}  // namespace tidegate::dialect::openai
