#include <tidegate/dialect/format.h>

namespace tidegate::dialect {

std::string_view to_string(Format format) {
    return format == Format::openai ? "openai" : "anthropic";
}

std::optional<Format> parse_format(std::string_view name) {
    for (const Format format : {Format::openai, Format::anthropic}) {
        if (to_string(format) == name)
            return format;
    }
    return std::nullopt;
}

std::string_view to_string(Operation operation) {
    return operation == Operation::chat ? "chat" : "embeddings";
}

std::string_view to_string(Finish finish) {
    switch (finish) {
        case Finish::none:
            return "none";
        case Finish::stop:
            return "stop";
        case Finish::length:
            return "length";
        case Finish::tool_calls:
            return "tool_calls";
        case Finish::content_filter:
            return "content_filter";
        case Finish::paused:
            return "paused";
        case Finish::other:
            return "other";
    }
    return "other";
}

}  // namespace tidegate::dialect
