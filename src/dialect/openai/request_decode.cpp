// A chat completion's request, read for a provider of another format.
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
            case Known::stream_options:
            case Known::user:
            case Known::safety_identifier:
            case Known::metadata:
            case Known::tidegate:
            case Known::max_tokens:
            case Known::max_completion_tokens:
            case Known::temperature:
            case Known::top_p:
                return {};  // read before, or never sent
            case Known::messages:
                return messages(member.value.get_array().value_unsafe());
            case Known::tools:
                return tools(member.value);
            case Known::tool_choice:
                return tool_choice(member.value);
            case Known::parallel_tool_calls:
                return parallel(member.value);
            case Known::stop:
                return stop(member.value);
            case Known::response_format:
                return response_format(member.value);
            case Known::n:
                return x_request.answers == 1 ? Result<void>() : cannot_cross("'n' above 1");
            case Known::modalities:
                return x_request.price_members.empty() ? Result<void>()
                                                       : cannot_cross("'modalities' beside text");
            case Known::functions:
            case Known::function_call:
            case Known::audio:
            case Known::web_search_options:
                return cannot_cross(fmt::format("'{}'", member.key));
            default:
                x_chat.drop(utf8_prefix(member.key, 64));
                return {};
        }
    }

    static bool text_only(const dom::element& modalities) {
        dom::array array;
        if (modalities.get(array) != simdjson::SUCCESS)
            return false;
        for (const dom::element element : array) {
            std::string_view name;
            if (element.get(name) != simdjson::SUCCESS || name != "text")
                return false;
        }
        return true;
    }

    Result<void> messages(const dom::array& array) {
        for (const dom::element element : array) {
            Result<void> result = message(element.get_object().value_unsafe());
            if (!result)
                return result;
        }
        return {};
    }

    Result<void> message(const dom::object& object) {
        const std::string_view role = string_at(object, "role");
        if (!string_at(object, "name").empty())
            x_chat.drop("messages.name");
        if (role == "system" || role == "developer")
            return system(object);
        ChatMessage message;
        Result<void> result;
        if (role == "tool") {
            result = tool_result(object, message);
        } else if (role == "user" || role == "assistant") {
            message.role = role == "user" ? Role::user : Role::assistant;
            dom::element content;
            if (object["content"].get(content) == simdjson::SUCCESS)
                result = parts(content, message.blocks);
            if (result && message.role == Role::assistant)
                result = tool_calls(object, message);
        } else {
            return cannot_cross(fmt::format("a message of the role {}", json_string(utf8_prefix(role, 32))));
        }
        if (result && !message.blocks.empty())
            x_chat.messages.push_back(std::move(message));
        return result;
    }

    Result<void> system(const dom::object& object) {
        dom::element content;
        if (object["content"].get(content) != simdjson::SUCCESS)
            return {};
        std::vector<Block> blocks;
        Result<void> result = parts(content, blocks);
        for (const Block& block : blocks) {
            if (block.kind != Block::Kind::text)
                return cannot_cross("a system message with anything but text");
            x_chat.system.push_back(block.text);
        }
        return result;
    }

    Result<void> parts(const dom::element& content, std::vector<Block>& blocks) {
        std::string_view text;
        if (content.get(text) == simdjson::SUCCESS) {
            if (!text.empty())
                blocks.emplace_back().text = text;
            return {};
        }
        if (content.is_null())
            return {};
        dom::array array;
        if (content.get(array) != simdjson::SUCCESS)
            return client_error("'content' must be a string or an array");
        for (const dom::element element : array) {
            dom::object object;
            if (element.get(object) != simdjson::SUCCESS)
                return client_error("a part of 'content' must be an object");
            Result<void> result = part(object, blocks);
            if (!result)
                return result;
        }
        return {};
    }

    Result<void> part(const dom::object& object, std::vector<Block>& blocks) {
        const std::string_view type = string_at(object, "type");
        if (type == "text" || type == "refusal") {
            const std::string_view text = string_at(object, type);
            if (!text.empty())
                blocks.emplace_back().text = text;
            return {};
        }
        dom::object inner;
        if (type == "image_url" && object["image_url"].get(inner) == simdjson::SUCCESS)
            return image(string_at(inner, "url"), blocks);
        if (type == "file" && object["file"].get(inner) == simdjson::SUCCESS)
            return file(string_at(inner, "file_data"), blocks);
        return cannot_cross(fmt::format("a content part of the type {}", json_string(utf8_prefix(type, 32))));
    }

    static Result<void> image(std::string_view url, std::vector<Block>& blocks) {
        Block& block = blocks.emplace_back();
        block.kind = Block::Kind::image_url;
        block.text = url;
        if (!url.starts_with("data:"))
            return {};
        const std::size_t data = url.find(";base64,");
        if (data == std::string_view::npos)
            return cannot_cross("an image whose data is not base64");
        block.kind = Block::Kind::image_data;
        block.media_type = url.substr(5, data - 5);
        block.text = url.substr(data + 8);
        return {};
    }

    static Result<void> file(std::string_view data, std::vector<Block>& blocks) {
        constexpr std::string_view kPdf = "data:application/pdf;base64,";
        if (!data.starts_with(kPdf))
            return cannot_cross("a file that is no PDF with its data");
        Block& block = blocks.emplace_back();
        block.kind = Block::Kind::pdf_data;
        block.text = data.substr(kPdf.size());
        return {};
    }

    Result<void> tool_result(const dom::object& object, ChatMessage& message) {
        std::vector<Block> blocks;
        dom::element content;
        if (object["content"].get(content) == simdjson::SUCCESS) {
            Result<void> result = parts(content, blocks);
            if (!result)
                return result;
        }
        Block block;
        block.kind = Block::Kind::tool_result;
        block.id = string_at(object, "tool_call_id");
        for (const Block& part : blocks) {
            if (part.kind != Block::Kind::text)
                return cannot_cross("a tool's result with anything but text");
            block.json.append(block.json.empty() ? "" : "\n").append(part.text);
        }
        message.blocks.push_back(std::move(block));
        return {};
    }

    static Result<void> tool_calls(const dom::object& object, ChatMessage& message) {
        const std::string_view refusal = string_at(object, "refusal");
        if (!refusal.empty())
            message.blocks.emplace_back().text = refusal;
        dom::array calls;
        if (object["tool_calls"].get(calls) != simdjson::SUCCESS)
            return {};
        for (const dom::element element : calls) {
            dom::object call;
            dom::object function;
            if (element.get(call) != simdjson::SUCCESS || call["function"].get(function) != simdjson::SUCCESS) {
                return cannot_cross("a tool call that is no function");
            }
            Block block;
            block.kind = Block::Kind::tool_call;
            block.id = string_at(call, "id");
            block.name = string_at(function, "name");
            const std::string_view arguments = trim(string_at(function, "arguments"));
            block.json = arguments.empty() ? "{}" : std::string(arguments);
            dom::parser parser;
            if (!parser.parse(block.json).is_object())
                return client_error("the 'arguments' of a tool call must be a JSON object");
            message.blocks.push_back(std::move(block));
        }
        return {};
    }

    Result<void> tools(const dom::element& value) {
        dom::array array;
        if (value.get(array) != simdjson::SUCCESS)
            return client_error("'tools' must be an array");
        for (const dom::element element : array) {
            dom::object object;
            dom::object function;
            if (element.get(object) != simdjson::SUCCESS || string_at(object, "type") != "function" ||
                object["function"].get(function) != simdjson::SUCCESS) {
                return cannot_cross("a tool that is no function");
            }
            ChatTool tool;
            tool.name = string_at(function, "name");
            std::string_view description;
            if (function["description"].get(description) == simdjson::SUCCESS)
                tool.description = description;
            tool.schema = R"({"type":"object","properties":{}})";
            dom::object parameters;
            if (function["parameters"].get(parameters) == simdjson::SUCCESS &&
                parameters.begin() != parameters.end()) {
                tool.schema = simdjson::minify(parameters);
            }
            bool strict = false;
            if (function["strict"].get(strict) == simdjson::SUCCESS && strict)
                x_chat.drop("tools.strict");
            x_chat.tools.push_back(std::move(tool));
        }
        return {};
    }

    Result<void> tool_choice(const dom::element& value) {
        std::string_view word;
        dom::object object;
        dom::object function;
        if (value.get(word) == simdjson::SUCCESS) {
            x_chat.tool_choice = word == "auto"       ? ToolChoice::automatic
                                 : word == "required" ? ToolChoice::any
                                 : word == "none"     ? ToolChoice::none
                                                      : ToolChoice::unset;
            if (x_chat.tool_choice != ToolChoice::unset)
                return {};
        } else if (value.get(object) == simdjson::SUCCESS &&
                   object["function"].get(function) == simdjson::SUCCESS) {
            x_chat.tool_choice = ToolChoice::named;
            x_chat.tool_name = string_at(function, "name");
            return {};
        }
        return cannot_cross("this 'tool_choice'");
    }

    Result<void> parallel(const dom::element& value) {
        bool parallel = true;
        if (value.get(parallel) != simdjson::SUCCESS)
            return client_error("'parallel_tool_calls' must be true or false");
        x_chat.parallel_tools = parallel;
        return {};
    }

    Result<void> stop(const dom::element& value) {
        std::string_view text;
        dom::array array;
        if (value.get(text) == simdjson::SUCCESS) {
            x_chat.stop.push_back(text);
        } else if (value.get(array) == simdjson::SUCCESS) {
            for (const dom::element element : array) {
                if (element.get(text) != simdjson::SUCCESS)
                    return client_error("'stop' must be a string or an array of strings");
                x_chat.stop.push_back(text);
            }
        } else {
            return client_error("'stop' must be a string or an array of strings");
        }
        return {};
    }

    Result<void> response_format(const dom::element& value) {
        const dom::object object = value.get_object().value_unsafe();
        const std::string_view type = string_at(object, "type");
        if (type == "text")
            return {};
        dom::object format;
        dom::object schema;
        if (type != "json_schema" || object["json_schema"].get(format) != simdjson::SUCCESS ||
            format["schema"].get(schema) != simdjson::SUCCESS) {
            return cannot_cross("'response_format' without a schema");
        }
        x_chat.answer_schema = simdjson::minify(schema);
        return {};
    }

    const ParsedRequest& x_request;
    Chat& x_chat;
};

}  // namespace

Result<void> decode_openai(const ParsedRequest& request, Chat& chat) {
    return Decoder(request, chat).run();
}

}  // namespace tidegate::dialect::detail
