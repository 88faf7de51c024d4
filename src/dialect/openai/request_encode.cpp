// A chat completion's request, written for a client of another format.
#include "../chat.h"
#include "../splice.h"

#include <tidegate/base/text.h>

#include <iterator>

#include <fmt/format.h>

namespace tidegate::dialect::detail {
namespace {

constexpr std::size_t kMaximumStops = 4;

class Encoder {
  public:
    Encoder(Chat& chat, const RequestEdits& edits, std::string& out)
        : x_chat(chat), x_edits(edits), x_out(out) {}

    Result<void> run() {
        if (x_chat.stop.size() > kMaximumStops)
            return cannot_cross("more than 4 stop sequences");
        x_out += R"({"model":)";
        append_json_string(x_out, x_edits.model);
        x_out += R"(,"messages":[)";
        write_system();
        for (const ChatMessage& message : x_chat.messages) write_message(message);
        x_out += ']';
        write_parameters();
        write_tools();
        x_out += '}';
        return {};
    }

  private:
    void open_message(std::string_view role) {
        x_out += x_any ? R"(,{"role":")" : R"({"role":")";
        x_any = true;
        x_out += role;
        x_out += '"';
    }

    void write_system() {
        if (x_chat.system.empty())
            return;
        open_message(x_edits.quirks.has(Quirk::developer_role) ? "developer" : "system");
        std::string text;
        for (const std::string_view part : x_chat.system) text.append(text.empty() ? "" : "\n\n").append(part);
        x_out += R"(,"content":)";
        append_json_string(x_out, text);
        x_out += '}';
    }

    // Results of tools are messages of their own here, and stand right behind the calls.
    void write_message(const ChatMessage& message) {
        std::size_t content = 0;
        std::size_t calls = 0;
        for (const Block& block : message.blocks) {
            if (block.kind == Block::Kind::tool_result) {
                write_result(block);
            } else {
                ++(block.kind == Block::Kind::tool_call ? calls : content);
            }
        }
        if (content + calls == 0)
            return;
        open_message(message.role == Role::assistant ? "assistant" : "user");
        write_content(message, content);
        if (calls > 0)
            write_calls(message);
        x_out += '}';
    }

    void write_result(const Block& block) {
        if (block.is_error)
            x_chat.drop("tool_result.is_error");
        open_message("tool");
        x_out += R"(,"tool_call_id":)";
        append_json_string(x_out, block.id);
        x_out += R"(,"content":)";
        append_json_string(x_out, block.json);
        x_out += '}';
    }

    void write_content(const ChatMessage& message, std::size_t count) {
        x_out += R"(,"content":)";
        if (count == 0) {
            x_out += "null";
            return;
        }
        const Block* only = nullptr;
        for (const Block& block : message.blocks) {
            if (block.kind == Block::Kind::text)
                only = &block;
        }
        if (count == 1 && only != nullptr)
            return append_json_string(x_out, only->text);
        bool any = false;
        for (const Block& block : message.blocks) {
            if (block.kind == Block::Kind::tool_call || block.kind == Block::Kind::tool_result)
                continue;
            x_out += any ? ',' : '[';
            any = true;
            write_part(block);
        }
        x_out += ']';
    }

    void write_part(const Block& block) {
        switch (block.kind) {
            case Block::Kind::image_url:
                x_out += R"({"type":"image_url","image_url":{"url":)";
                append_json_string(x_out, block.text);
                x_out += "}}";
                return;
            case Block::Kind::image_data:
                x_out += R"({"type":"image_url","image_url":{"url":)";
                append_json_string(x_out, fmt::format("data:{};base64,{}", block.media_type, block.text));
                x_out += "}}";
                return;
            case Block::Kind::pdf_data:
                x_out += R"({"type":"file","file":{"filename":"document.pdf","file_data":)";
                append_json_string(x_out, fmt::format("data:application/pdf;base64,{}", block.text));
                x_out += "}}";
                return;
            default:
                x_out += R"({"type":"text","text":)";
                append_json_string(x_out, block.text);
                x_out += '}';
        }
    }

    void write_calls(const ChatMessage& message) {
        x_out += R"(,"tool_calls":[)";
        bool any = false;
        for (const Block& block : message.blocks) {
            if (block.kind != Block::Kind::tool_call)
                continue;
            x_out += any ? R"(,{"id":)" : R"({"id":)";
            any = true;
            append_json_string(x_out, block.id);
            x_out += R"(,"type":"function","function":{"name":)";
            append_json_string(x_out, block.name);
            x_out += R"(,"arguments":)";
            append_json_string(x_out, block.json);
            x_out += "}}";
        }
        x_out += ']';
    }

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

    void write_parameters() {
        const bool new_name = x_edits.quirks.has(Quirk::max_completion_tokens);
        if (x_chat.max_tokens)
            field(new_name ? "max_completion_tokens" : "max_tokens", *x_chat.max_tokens);
        if (x_chat.temperature)
            field("temperature", *x_chat.temperature);
        if (x_chat.top_p)
            field("top_p", *x_chat.top_p);
        if (x_chat.seed)
            field("seed", *x_chat.seed);
        for (std::size_t i = 0; i < x_chat.stop.size(); ++i) {
            x_out += i == 0 ? R"(,"stop":[)" : ",";
            append_json_string(x_out, x_chat.stop[i]);
        }
        if (!x_chat.stop.empty())
            x_out += ']';
        if (!x_chat.reasoning_effort.empty())
            field("reasoning_effort", x_chat.reasoning_effort);
        if (!x_chat.user.empty())
            field("user", x_chat.user);
        if (!x_chat.answer_schema.empty()) {
            x_out +=
                R"(,"response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":)";
            x_out += x_chat.answer_schema;
            x_out += "}}";
        }
        if (x_edits.ask_logprobs && x_edits.quirks.has(Quirk::no_logprobs)) {
            x_chat.drop("logprobs");
        } else if (x_edits.ask_logprobs) {
            x_out += R"(,"logprobs":true)";
        }
        if (!x_chat.stream)
            return;
        x_out += R"(,"stream":true)";
        if (!x_edits.quirks.has(Quirk::no_stream_options))
            x_out += R"(,"stream_options":{"include_usage":true})";
    }

    void write_tools() {
        if (x_chat.tools.empty())
            return;
        x_out += R"(,"tools":[)";
        for (std::size_t i = 0; i < x_chat.tools.size(); ++i) {
            const ChatTool& tool = x_chat.tools[i];
            x_out += i == 0 ? R"({"type":"function","function":{"name":)"
                            : R"(,{"type":"function","function":{"name":)";
            append_json_string(x_out, tool.name);
            if (tool.description)
                field("description", *tool.description);
            x_out += R"(,"parameters":)";
            x_out += tool.schema;
            x_out += "}}";
        }
        x_out += ']';
        switch (x_chat.tool_choice) {
            case ToolChoice::unset:
                break;
            case ToolChoice::automatic:
                x_out += R"(,"tool_choice":"auto")";
                break;
            case ToolChoice::any:
                x_out += R"(,"tool_choice":"required")";
                break;
            case ToolChoice::none:
                x_out += R"(,"tool_choice":"none")";
                break;
            case ToolChoice::named:
                x_out += R"(,"tool_choice":{"type":"function","function":{"name":)";
                append_json_string(x_out, x_chat.tool_name);
                x_out += "}}";
                break;
        }
        if (x_chat.parallel_tools) {
            key("parallel_tool_calls");
            x_out += *x_chat.parallel_tools ? "true" : "false";
        }
    }

    Chat& x_chat;
    const RequestEdits& x_edits;
    std::string& x_out;
    bool x_any = false;
};

}  // namespace

Result<void> encode_openai(Chat& chat, const RequestEdits& edits, std::string& out) {
    return Encoder(chat, edits, out).run();
}

}  // namespace tidegate::dialect::detail
