// Whole messages.
#include "../answer_parts.h"
#include "../event_json.h"
#include "../stream_parts.h"
#include "../usage_reader.h"
#include "words.h"

#include <tidegate/base/text.h>

#include <iterator>

#include <fmt/format.h>

namespace tidegate::dialect::detail {
namespace {

namespace dom = simdjson::dom;

Usage read_usage(const dom::object& answer) {
    dom::object figures;
    AnthropicUsage usage;
    if (answer["usage"].get(figures) == simdjson::SUCCESS)
        usage.merge(figures);
    return usage.usage(true);
}

void append_block(std::string& out, bool& any, std::string_view type, std::string_view member,
                  std::string_view text) {
    fmt::format_to(std::back_inserter(out), R"({}{{"type":"{}","{}":)", any ? "," : "", type, member);
    append_json_string(out, text);
    if (type == "thinking")
        out += R"(,"signature":"")";
    out += '}';
    any = true;
}

}  // namespace

Result<AnswerFacts> read_anthropic_answer(const dom::object& answer) {
    dom::array content;
    if (answer["content"].get(content) != simdjson::SUCCESS)
        return malformed("the answer has no content");
    AnswerFacts facts;
    facts.id = string_at(answer, "id");
    facts.model = string_at(answer, "model");
    facts.usage = read_usage(answer);
    facts.finish = anthropic::read_finish(string_at(answer, "stop_reason"));
    facts.refusal = facts.finish == Finish::content_filter;
    for (const dom::element element : content) {
        dom::object block;
        if (element.get(block) != simdjson::SUCCESS)
            return malformed("a block of the answer is no object");
        facts.has_content =
            facts.has_content || string_at(block, "type") != "text" || !string_at(block, "text").empty();
    }
    return facts;
}

Result<ChatAnswer> decode_anthropic_answer(const dom::object& answer) {
    dom::array content;
    if (answer["content"].get(content) != simdjson::SUCCESS)
        return malformed("the answer has no content");
    ChatAnswer chat;
    chat.usage = read_usage(answer);
    chat.model = string_at(answer, "model");
    chat.finish = anthropic::read_finish(string_at(answer, "stop_reason"));
    for (const dom::element element : content) {
        dom::object block;
        if (element.get(block) != simdjson::SUCCESS)
            return malformed("a block of the answer is no object");
        const std::string_view type = string_at(block, "type");
        if (type == "text") {
            chat.text += string_at(block, "text");
        } else if (type == "thinking") {
            chat.reasoning += string_at(block, "thinking");
        } else if (type == "tool_use") {
            dom::element input;
            std::string arguments =
                block["input"].get(input) == simdjson::SUCCESS ? simdjson::minify(input) : "{}";
            chat.tools.push_back({string_at(block, "id"), string_at(block, "name"), std::move(arguments)});
        }
    }
    return chat;
}

void encode_anthropic_answer(const ChatAnswer& answer, const AnswerIdentity& identity, std::string& out) {
    out += R"({"id":)";
    append_json_string(out, fmt::format("msg_{}", identity.call_id));
    out += R"(,"type":"message","role":"assistant","model":)";
    append_json_string(out, identity.model.empty() ? answer.model : identity.model);
    out += R"(,"content":[)";
    bool any = false;
    if (!answer.reasoning.empty())
        append_block(out, any, "thinking", "thinking", answer.reasoning);
    if (!answer.text.empty())
        append_block(out, any, "text", "text", answer.text);
    if (!answer.refusal.empty())
        append_block(out, any, "text", "text", answer.refusal);
    for (const ToolCall& tool : answer.tools) {
        out += any ? R"(,{"type":"tool_use","id":)" : R"({"type":"tool_use","id":)";
        append_json_string(out, tool.id);
        out += R"(,"name":)";
        append_json_string(out, tool.name);
        out += R"(,"input":)";
        out += tool.arguments;
        out += '}';
        any = true;
    }
    const bool tools = !answer.tools.empty() && answer.finish == Finish::stop;
    const Finish finish = !answer.refusal.empty() ? Finish::content_filter
                          : tools                 ? Finish::tool_calls
                                                  : answer.finish;
    fmt::format_to(std::back_inserter(out), R"(],"stop_reason":"{}","stop_sequence":null,"usage":)",
                   anthropic::write_finish(finish));
    anthropic::append_usage(out, answer.usage);
    out += '}';
}

}  // namespace tidegate::dialect::detail
