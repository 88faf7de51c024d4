// A message's request, read for a provider of another format.
#include "../chat.h"
#include "../event_json.h"

#include <tidegate/base/text.h>

#include <fmt/format.h>

namespace tidegate::dialect::detail {
namespace {

namespace dom = simdjson::dom;

class Decoder {
  public:
    Decoder(const ParsedRequest& request, Chat& chat) : x_request(request), x_chat(chat) {}

    Result<void> run() {
        Result<void> result = decode_common(x_request, x_chat);
        for (const Member& member : x_request.members) {
            if (!result)
                return result;
            if (!member.value.is_null())
                result = member_of(member);
        }
        return result;
    }

  private:
    Result<void> member_of(const Member& member) {
        switch (member.known) {
            case Known::model:
            case Known::stream:
            case Known::metadata:
            case Known::user:
            case Known::safety_identifier:
            case Known::tidegate:
            case Known::max_tokens:
            case Known::temperature:
            case Known::top_p:
                return {};  // read before, or never sent
            case Known::system:
                return system(member.value);
            case Known::messages:
                return messages(member.value.get_array().value_unsafe());
            case Known::tools:
                return tools(member.value);
            case Known::tool_choice:
                return tool_choice(member.value);
            case Known::stop_sequences:
                return stop(member.value);
            case Known::output_config:
                return output_config(member.value.get_object().value_unsafe());
            case Known::output_format:
                return answer_format(member.value.get_object().value_unsafe());
            case Known::mcp_servers:
                return cannot_cross(fmt::format("'{}'", member.key));
            default:
                x_chat.drop(utf8_prefix(member.key, 64));
                return {};
        }
    }

    Result<void> system(const dom::element& value) {
        std::vector<Block> found;
        Result<void> result = blocks(value, found);
        for (const Block& block : found) {
            if (block.kind != Block::Kind::text)
                return cannot_cross("a system text with anything but text");
            x_chat.system.push_back(block.text);
        }
        return result;
    }

    Result<void> messages(const dom::array& array) {
        for (const dom::element element : array) {
            const dom::object object = element.get_object().value_unsafe();
            const std::string_view role = string_at(object, "role");
            if (role != "user" && role != "assistant") {
                return cannot_cross(
                    fmt::format("a message of the role {}", json_string(utf8_prefix(role, 32))));
            }
            ChatMessage message;
            message.role = role == "user" ? Role::user : Role::assistant;
            dom::element content;
            if (object["content"].get(content) != simdjson::SUCCESS)
                continue;
            Result<void> result = blocks(content, message.blocks);
            if (!result)
                return result;
            if (!message.blocks.empty())
                x_chat.messages.push_back(std::move(message));
        }
        return {};
    }

    Result<void> blocks(const dom::element& content, std::vector<Block>& found) {
        std::string_view text;
        if (content.get(text) == simdjson::SUCCESS) {
            if (!text.empty())
                found.emplace_back().text = text;
            return {};
        }
        dom::array array;
        if (content.get(array) != simdjson::SUCCESS)
            return client_error("'content' must be a string or an array");
        for (const dom::element element : array) {
            dom::object object;
            if (element.get(object) != simdjson::SUCCESS)
                return client_error("a block of 'content' must be an object");
            Result<void> result = block(object, found);
            if (!result)
                return result;
        }
        return {};
    }

    Result<void> block(const dom::object& object, std::vector<Block>& found) {
        if (object["cache_control"].is_object())
            x_chat.drop("cache_control");
        const std::string_view type = string_at(object, "type");
        if (type == "thinking" || type == "redacted_thinking") {
            x_chat.drop("thinking");
            return {};
        }
        Block block;
        if (type == "text") {
            block.text = string_at(object, "text");
            if (block.text.empty())
                return {};
            if (object["citations"].is_array())
                x_chat.drop("citations");
        } else if (type == "image") {
            if (!source(object, "image/", block))
                return cannot_cross("an image that is neither base64 nor an address");
        } else if (type == "document") {
            if (!source(object, "application/pdf", block))
                return cannot_cross("a document that is neither text nor a PDF with its data");
        } else if (type == "tool_use") {
            block.kind = Block::Kind::tool_call;
            block.id = string_at(object, "id");
            block.name = string_at(object, "name");
            dom::object input;
            block.json = object["input"].get(input) == simdjson::SUCCESS ? simdjson::minify(input) : "{}";
        } else if (type == "tool_result") {
            Result<void> result = tool_result(object, block);
            if (!result)
                return result;
        } else {
            return cannot_cross(fmt::format("a block of the type {}", json_string(utf8_prefix(type, 32))));
        }
        found.push_back(std::move(block));
        return {};
    }

    // The `source` of an image or document.
    static bool source(const dom::object& object, std::string_view media_prefix, Block& block) {
        dom::object source;
        if (object["source"].get(source) != simdjson::SUCCESS)
            return false;
        const std::string_view type = string_at(source, "type");
        const bool image = media_prefix == "image/";
        if (type == "base64" && string_at(source, "media_type").starts_with(media_prefix)) {
            block.kind = image ? Block::Kind::image_data : Block::Kind::pdf_data;
            block.media_type = string_at(source, "media_type");
            block.text = string_at(source, "data");
            return true;
        }
        if (type == "url" && image) {
            block.kind = Block::Kind::image_url;
            block.text = string_at(source, "url");
            return true;
        }
        if (type == "text" && !image) {
            block.text = string_at(source, "data");
            return true;
        }
        return false;
    }

    Result<void> tool_result(const dom::object& object, Block& result) {
        result.kind = Block::Kind::tool_result;
        result.id = string_at(object, "tool_use_id");
        if (object["is_error"].get(result.is_error) != simdjson::SUCCESS)
            result.is_error = false;
        dom::element content;
        if (object["content"].get(content) != simdjson::SUCCESS)
            return {};
        std::vector<Block> parts;
        Result<void> read = blocks(content, parts);
        if (!read)
            return read;
        for (const Block& part : parts) {
            if (part.kind != Block::Kind::text)
                return cannot_cross("a tool's result with anything but text");
            result.json.append(result.json.empty() ? "" : "\n").append(part.text);
        }
        return {};
    }

    Result<void> tools(const dom::element& value) {
        dom::array array;
        if (value.get(array) != simdjson::SUCCESS)
            return client_error("'tools' must be an array");
        for (const dom::element element : array) {
            dom::object object;
            if (element.get(object) != simdjson::SUCCESS)
                return client_error("a tool must be an object");
            const std::string_view type = string_at(object, "type");
            if (!type.empty() && type != "custom") {
                return cannot_cross(fmt::format("a tool of the type {}", json_string(utf8_prefix(type, 32))));
            }
            if (object["cache_control"].is_object())
                x_chat.drop("cache_control");
            ChatTool tool;
            tool.name = string_at(object, "name");
            std::string_view description;
            if (object["description"].get(description) == simdjson::SUCCESS)
                tool.description = description;
            dom::object schema;
            tool.schema = object["input_schema"].get(schema) == simdjson::SUCCESS
                              ? simdjson::minify(schema)
                              : R"({"type":"object","properties":{}})";
            x_chat.tools.push_back(std::move(tool));
        }
        return {};
    }

    Result<void> tool_choice(const dom::element& value) {
        dom::object object;
        if (value.get(object) != simdjson::SUCCESS)
            return client_error("'tool_choice' must be an object");
        const std::string_view type = string_at(object, "type");
        x_chat.tool_choice = type == "auto"   ? ToolChoice::automatic
                             : type == "any"  ? ToolChoice::any
                             : type == "none" ? ToolChoice::none
                             : type == "tool" ? ToolChoice::named
                                              : ToolChoice::unset;
        if (x_chat.tool_choice == ToolChoice::unset)
            return cannot_cross("this 'tool_choice'");
        x_chat.tool_name = string_at(object, "name");
        bool single = false;
        if (object["disable_parallel_tool_use"].get(single) == simdjson::SUCCESS)
            x_chat.parallel_tools = !single;
        return {};
    }

    Result<void> stop(const dom::element& value) {
        dom::array array;
        if (value.get(array) != simdjson::SUCCESS)
            return client_error("'stop_sequences' must be an array");
        for (const dom::element element : array) {
            std::string_view text;
            if (element.get(text) != simdjson::SUCCESS)
                return client_error("'stop_sequences' must be an array of strings");
            x_chat.stop.push_back(text);
        }
        return {};
    }

    Result<void> output_config(const dom::object& object) {
        for (const auto field : object) {
            dom::object format;
            if (field.key == "format" && field.value.get(format) == simdjson::SUCCESS) {
                Result<void> result = answer_format(format);
                if (!result)
                    return result;
            } else if (!field.value.is_null()) {
                x_chat.drop(fmt::format("output_config.{}", utf8_prefix(field.key, 32)));
            }
        }
        return {};
    }

    Result<void> answer_format(const dom::object& format) {
        dom::object schema;
        if (string_at(format, "type") != "json_schema" || format["schema"].get(schema) != simdjson::SUCCESS) {
            return cannot_cross("this format of the answer");
        }
        x_chat.answer_schema = simdjson::minify(schema);
        return {};
    }

    const ParsedRequest& x_request;
    Chat& x_chat;
};

}  // namespace

Result<void> decode_anthropic(const ParsedRequest& request, Chat& chat) {
    return Decoder(request, chat).run();
}

}  // namespace tidegate::dialect::detail
