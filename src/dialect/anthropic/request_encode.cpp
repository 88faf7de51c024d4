// A message's request, written for a client of another format.
#include "../chat.h"
#include "../splice.h"

#include <tidegate/base/text.h>

#include <iterator>

#include <fmt/format.h>

namespace tidegate::dialect::detail {
namespace {

class Encoder {
  public:
    Encoder(Chat& chat, const RequestEdits& edits, std::string& out)
        : x_chat(chat), x_edits(edits), x_out(out) {}

    Result<void> run() {
        if (!x_chat.max_tokens)
            return client_error("'max_tokens' is missing: this model's provider asks for it");
        x_out += R"({"model":)";
        append_json_string(x_out, x_edits.model);
        field("max_tokens", *x_chat.max_tokens);
        write_system();
        write_messages();
        write_parameters();
        write_tools();
        x_out += '}';
        return {};
    }

  private:
    void key(std::string_view name) { fmt::format_to(std::back_inserter(x_out), ",\"{}\":", name); }
    void field(std::string_view name, std::string_view text) {
        key(name);
        append_json_string(x_out, text);
    }
    template <class Number>
        requires std::is_arithmetic_v<Number>
    void field(std::string_view name, Number number) {
        key(name);
        append_number(x_out, number);
    }

    void write_system() {
        if (x_chat.system.empty())
            return;
        std::string text;
        for (const std::string_view part : x_chat.system) text.append(text.empty() ? "" : "\n\n").append(part);
        field("system", text);
    }

    // Roles must take turns: messages of the same role become one.
    void write_messages() {
        x_out += R"(,"messages":[)";
        std::optional<Role> role;
        for (const ChatMessage& message : x_chat.messages) {
            if (role != message.role) {
                if (role)
                    x_out += "]},";
                x_out += message.role == Role::assistant ? R"({"role":"assistant","content":[)"
                                                         : R"({"role":"user","content":[)";
            }
            bool first = role != message.role;
            role = message.role;
            for (const Block& block : message.blocks) {
                if (!first)
                    x_out += ',';
                first = false;
                write_block(block);
            }
        }
        x_out += role ? "]}]" : "]";
    }

    void write_block(const Block& block) {
        switch (block.kind) {
            case Block::Kind::text:
                x_out += R"({"type":"text","text":)";
                append_json_string(x_out, block.text);
                break;
            case Block::Kind::image_url:
                x_out += R"({"type":"image","source":{"type":"url","url":)";
                append_json_string(x_out, block.text);
                x_out += '}';
                break;
            case Block::Kind::image_data:
                x_out += R"({"type":"image","source":{"type":"base64","media_type":)";
                append_json_string(x_out, block.media_type);
                field("data", block.text);
                x_out += '}';
                break;
            case Block::Kind::pdf_data:
                x_out +=
                    R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":)";
                append_json_string(x_out, block.text);
                x_out += '}';
                break;
            case Block::Kind::tool_call:
                x_out += R"({"type":"tool_use","id":)";
                append_json_string(x_out, block.id);
                field("name", block.name);
                key("input");
                x_out += block.json;
                break;
            case Block::Kind::tool_result:
                x_out += R"({"type":"tool_result","tool_use_id":)";
                append_json_string(x_out, block.id);
                field("content", block.json);
                break;
        }
        x_out += '}';
    }

    void write_parameters() {
        if (x_chat.temperature) {
            // It goes to 2 in the other format, to 1 here.
            if (*x_chat.temperature > 1)
                x_chat.drop("temperature above 1");
            field("temperature", std::min(*x_chat.temperature, 1.0));
        }
        if (x_chat.top_p)
            field("top_p", *x_chat.top_p);
        if (x_chat.seed)
            x_chat.drop("seed");
        if (!x_chat.reasoning_effort.empty())
            x_chat.drop("reasoning_effort");
        write_stop();
        if (!x_chat.user.empty()) {
            x_out += R"(,"metadata":{"user_id":)";
            append_json_string(x_out, x_chat.user);
            x_out += '}';
        }
        if (!x_chat.answer_schema.empty()) {
            x_out += R"(,"output_config":{"format":{"type":"json_schema","schema":)";
            x_out += x_chat.answer_schema;
            x_out += "}}";
        }
        if (x_chat.stream)
            x_out += R"(,"stream":true)";
    }

    void write_stop() {
        bool any = false;
        for (const std::string_view text : x_chat.stop) {
            if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
                x_chat.drop("stop of white space");
                continue;
            }
            x_out += any ? "," : R"(,"stop_sequences":[)";
            any = true;
            append_json_string(x_out, text);
        }
        if (any)
            x_out += ']';
    }

    void write_tools() {
        if (x_chat.tools.empty())
            return;
        x_out += R"(,"tools":[)";
        for (std::size_t i = 0; i < x_chat.tools.size(); ++i) {
            const ChatTool& tool = x_chat.tools[i];
            x_out += i == 0 ? R"({"name":)" : R"(,{"name":)";
            append_json_string(x_out, tool.name);
            if (tool.description)
                field("description", *tool.description);
            key("input_schema");
            x_out += tool.schema;
            x_out += '}';
        }
        x_out += ']';
        const bool single = x_chat.parallel_tools == false && x_chat.tool_choice != ToolChoice::none;
        if (x_chat.tool_choice == ToolChoice::unset && !single)
            return;
        constexpr std::string_view kTypes[] = {"auto", "auto", "any", "none", "tool"};
        fmt::format_to(std::back_inserter(x_out), R"(,"tool_choice":{{"type":"{}")",
                       kTypes[static_cast<int>(x_chat.tool_choice)]);
        if (x_chat.tool_choice == ToolChoice::named)
            field("name", x_chat.tool_name);
        if (single)
            x_out += R"(,"disable_parallel_tool_use":true)";
        x_out += '}';
    }

    Chat& x_chat;
    const RequestEdits& x_edits;
    std::string& x_out;
};

}  // namespace

Result<void> encode_anthropic(Chat& chat, const RequestEdits& edits, std::string& out) {
    return Encoder(chat, edits, out).run();
}

}  // namespace tidegate::dialect::detail
