#include "words.h"

#include <iterator>

#include <fmt/format.h>

namespace tidegate::dialect::anthropic {

Finish read_finish(std::string_view reason) {
    if (reason.empty())
        return Finish::none;
    if (reason == "end_turn" || reason == "stop_sequence")
        return Finish::stop;
    if (reason == "max_tokens" || reason == "model_context_window_exceeded")
        return Finish::length;
    if (reason == "tool_use")
        return Finish::tool_calls;
    if (reason == "refusal")
        return Finish::content_filter;
    if (reason == "pause_turn")
        return Finish::paused;
    return Finish::other;
}

std::string_view write_finish(Finish finish) {
    switch (finish) {
        case Finish::length:
            return "max_tokens";
        case Finish::tool_calls:
            return "tool_use";
        case Finish::content_filter:
            return "refusal";
        case Finish::paused:
            return "pause_turn";
        default:
            return "end_turn";
    }
}

void append_usage(std::string& out, const Usage& usage) {
    fmt::format_to(
        std::back_inserter(out),
        R"({{"input_tokens":{},"cache_creation_input_tokens":{},"cache_read_input_tokens":{},"output_tokens":{}}})",
        usage.input + usage.audio_input, usage.cache_write + usage.cache_write_1h, usage.cache_read,
        usage.completion_total());
}

}  // namespace tidegate::dialect::anthropic
