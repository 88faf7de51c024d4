// A chat request as both formats know it, on its way from one to the other.
#pragma once

#include "parsed_request.h"

#include <tidegate/dialect/request_writer.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::dialect::detail {

// A piece of a message. Views point into the parsed request or the edits.
struct Block {
    enum class Kind { text, image_data, image_url, pdf_data, tool_call, tool_result };

    Kind kind = Kind::text;
    std::string_view text = {};        // the text, the address, or base64
    std::string_view media_type = {};  // of image_data
    std::string_view id = {};          // of the tool call
    std::string_view name = {};        // of the tool
    std::string json = {};             // a call's arguments (an object), or a result's text
    bool is_error = false;             // of a result
};

struct ChatMessage {
    Role role = Role::user;  // user or assistant
    std::vector<Block> blocks;
};

struct ChatTool {
    std::string_view name;
    std::optional<std::string_view> description;
    std::string schema;  // a JSON object
};

enum class ToolChoice { unset, automatic, any, none, named };

struct Chat {
    std::vector<std::string_view> system;
    std::vector<ChatMessage> messages;
    std::vector<ChatTool> tools;
    ToolChoice tool_choice = ToolChoice::unset;
    std::string_view tool_name;  // of a named choice
    std::optional<bool> parallel_tools;
    std::vector<std::string_view> stop;
    std::optional<double> temperature;
    std::optional<double> top_p;
    std::optional<std::int64_t> max_tokens;
    std::optional<std::int64_t> seed;
    std::string_view reasoning_effort;
    std::string_view user;
    std::string answer_schema;  // a JSON schema that the answer must follow; empty if none
    bool stream = false;
    std::vector<std::string> dropped;

    // Names what is left out; each name once.
    void drop(std::string_view name) {
        for (const std::string& known : dropped) {
            if (known == name)
                return;
        }
        dropped.emplace_back(name);
    }
};

Result<void> decode_openai(const ParsedRequest& request, Chat& chat);
Result<void> decode_anthropic(const ParsedRequest& request, Chat& chat);
Result<void> encode_openai(Chat& chat, const RequestEdits& edits, std::string& out);
Result<void> encode_anthropic(Chat& chat, const RequestEdits& edits, std::string& out);

// What has no form in the other format and would be missed.
Error cannot_cross(std::string_view what);

// Numbers and strings that both formats have under the same name.
Result<void> decode_common(const ParsedRequest& request, Chat& chat);

}  // namespace tidegate::dialect::detail
