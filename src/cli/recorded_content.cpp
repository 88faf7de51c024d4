#include "cli/recorded_content.h"

#include <tidegate/dialect/decode.h>

#include <openssl/evp.h>

namespace tidegate::cli {
namespace {

std::string decode_base64(const std::string& text) {
    std::string out(text.size() / 4 * 3 + 3, '\0');
    const int length =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (length < 0)
        return "";
    // The padding counts as bytes there.
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    out.resize(static_cast<std::size_t>(length) - padding);
    return out;
}

std::string bytes_of(const Json& content) {
    const Json& text = child_of(content, "text");
    return text.is_string() ? text.get<std::string>() : decode_base64(text_of(content, "base64"));
}

std::string block_text(const Json& block) {
    if (block.is_string())
        return block.get<std::string>();
    for (const std::string_view member : {"text", "refusal", "thinking"}) {
        if (child_of(block, member).is_string())
            return text_of(block, member);
    }
    if (text_of(block, "type") == "tool_use")
        return "[tool call " + text_of(block, "name") + " " + text_of(block, "input") + "]";
    const Json& content = child_of(block, "content");
    if (content.is_string())
        return "[" + text_of(block, "type") + "] " + content.get<std::string>();
    return "[" + text_of(block, "type") + "]";
}

// A text, or a list of blocks.
std::string content_text(const Json& content) {
    if (!content.is_array())
        return text_of(content);
    std::string out;
    for (const Json& block : content) {
        if (!out.empty())
            out += '\n';
        out += block_text(block);
    }
    return out;
}

std::string message_text(const Json& message) {
    std::string text = content_text(child_of(message, "content"));
    for (const Json& call : child_of(message, "tool_calls")) {
        const Json& function = child_of(call, "function");
        if (!text.empty())
            text += '\n';
        text += "[tool call " + text_of(function, "name") + " " + text_of(function, "arguments") + "]";
    }
    return text;
}

}  // namespace

std::vector<Passage> asked(const Json& content) {
    const std::string bytes = bytes_of(content);
    if (bytes.empty())
        return {};
    const Json body = Json::parse(bytes, nullptr, false);
    std::vector<Passage> passages;
    if (const Json& system = child_of(body, "system"); !system.is_null())
        passages.push_back({"system", content_text(system)});
    if (const Json& messages = child_of(body, "messages"); messages.is_array()) {
        for (const Json& message : messages)
            passages.push_back({text_of(message, "role"), message_text(message)});
    }
    if (const Json& input = child_of(body, "input"); !input.is_null())
        passages.push_back({"input", content_text(input)});
    if (passages.empty())
        passages.push_back({"as received", bytes});
    return passages;
}

std::string answered(const Json& content) {
    const std::string bytes = bytes_of(content);
    const std::string format = text_of(content, "format");
    const bool stream = child_of(content, "stream") == Json(true);
    std::string text;
    if (format == dialect::to_string(dialect::Format::openai))
        text = dialect::answer_text(dialect::Format::openai, stream, bytes);
    if (format == dialect::to_string(dialect::Format::anthropic))
        text = dialect::answer_text(dialect::Format::anthropic, stream, bytes);
    return text.empty() ? bytes : text;
}

}  // namespace tidegate::cli
