// A message's events, written for a client of Anthropic's API.
#include "../stream_parts.h"
#include "words.h"

#include <tidegate/base/text.h>

#include <iterator>
#include <vector>

#include <fmt/format.h>

namespace tidegate::dialect::detail {
namespace {

// Whether the fragments seen so far are one whole JSON object: then a tool's block may be closed.
class JsonEnd {
  public:
    void feed(std::string_view fragment) {
        for (const char c : fragment) {
            if (x_escaped) {
                x_escaped = false;
            } else if (x_in_string) {
                x_escaped = c == '\\';
                x_in_string = c != '"';
            } else if (c == '"') {
                x_in_string = true;
            } else if (c == '{' || c == '[') {
                ++x_depth;
                x_begun = true;
            } else if (c == '}' || c == ']') {
                --x_depth;
            }
        }
    }
    bool complete() const { return x_begun && x_depth == 0; }

  private:
    int x_depth = 0;
    bool x_begun = false;
    bool x_in_string = false;
    bool x_escaped = false;
};

class AnthropicWriter final : public StreamWriter {
  public:
    explicit AnthropicWriter(const StreamRelay::Options& options) : x_model(options.model) {
        x_id = "msg_" + options.call_id;
    }

    void start(const StreamFacts& facts) override {
        if (!facts.model.empty())
            x_model = facts.model;
        *x_out += R"(event: message_start
data: {"type":"message_start","message":{"id":)";
        append_json_string(*x_out, x_id);
        *x_out += R"(,"type":"message","role":"assistant","model":)";
        append_json_string(*x_out, x_model);
        // The true figures come with message_delta.
        *x_out +=
            R"(,"content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}})";
        *x_out += "\n\n";
    }

    void text(std::string_view text) override {
        open_block(Kind::text, R"({"type":"text","text":""})");
        string_delta("text_delta", "text", text);
    }
    void reasoning(std::string_view text) override {
        open_block(Kind::reasoning, R"({"type":"thinking","thinking":"","signature":""})");
        string_delta("thinking_delta", "thinking", text);
    }
    // Anthropic has no member for it: the words are text, and stop_reason says what they are.
    void refusal(std::string_view words) override { text(words); }

    void tool_start(std::size_t /*tool*/, std::string_view id, std::string_view name) override {
        std::string block = R"({"type":"tool_use","id":)";
        append_json_string(block, id);
        block += R"(,"name":)";
        append_json_string(block, name);
        block += R"(,"input":{}})";
        close_current();
        start_block(Kind::tool, block);
        x_tools.push_back(x_blocks.size() - 1);
    }
    void tool_arguments(std::size_t tool, std::string_view json) override {
        const std::size_t index = x_tools[tool];
        Block& block = x_blocks[index];
        if (!block.open)
            return;  // its object was complete: only white space can follow
        block.json.feed(json);
        delta(index, "input_json_delta", "partial_json", json);
    }
    void ping() override { *x_out += heartbeat(Format::anthropic); }

    void finish(const StreamFacts& facts) override {
        for (std::size_t i = 0; i < x_blocks.size(); ++i) close_block(i);
        const bool tools = !x_tools.empty() && facts.finish == Finish::stop;
        const Finish finish = facts.refusal ? Finish::content_filter
                              : tools       ? Finish::tool_calls
                                            : facts.finish;
        *x_out += R"(event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":")";
        *x_out += anthropic::write_finish(finish);
        *x_out += R"(","stop_sequence":null},"usage":)";
        anthropic::append_usage(*x_out, facts.usage);
        *x_out += "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    }

  private:
    enum class Kind { text, reasoning, tool };
    struct Block {
        Kind kind = Kind::text;
        bool open = true;
        JsonEnd json;
    };

    // A text or reasoning block goes on as long as nothing else came between.
    void open_block(Kind kind, std::string_view block) {
        if (!x_blocks.empty() && x_blocks.back().open && x_blocks.back().kind == kind)
            return;
        close_current();
        start_block(kind, block);
    }
    // A tool whose arguments are not whole stays open: its fragments may be interleaved with another's.
    void close_current() {
        if (x_blocks.empty())
            return;
        const Block& block = x_blocks.back();
        if (block.kind != Kind::tool || block.json.complete())
            close_block(x_blocks.size() - 1);
    }
    void start_block(Kind kind, std::string_view block) {
        x_blocks.emplace_back().kind = kind;
        fmt::format_to(std::back_inserter(*x_out),
                       "event: content_block_start\ndata: "
                       "{{\"type\":\"content_block_start\",\"index\":{},\"content_block\":{}}}\n\n",
                       x_blocks.size() - 1, block);
    }
    void close_block(std::size_t index) {
        if (!x_blocks[index].open)
            return;
        x_blocks[index].open = false;
        fmt::format_to(std::back_inserter(*x_out),
                       "event: content_block_stop\ndata: {{\"type\":\"content_block_stop\",\"index\":{}}}\n\n",
                       index);
    }
    void string_delta(std::string_view type, std::string_view member, std::string_view text) {
        delta(x_blocks.size() - 1, type, member, text);
    }
    void delta(std::size_t index, std::string_view type, std::string_view member, std::string_view text) {
        fmt::format_to(std::back_inserter(*x_out),
                       "event: content_block_delta\ndata: "
                       "{{\"type\":\"content_block_delta\",\"index\":{},\"delta\":{{\"type\":\"{}\",\"{}\":",
                       index, type, member);
        append_json_string(*x_out, text);
        *x_out += "}}\n\n";
    }

    std::string x_id;
    std::string x_model;
    std::vector<Block> x_blocks;
    std::vector<std::size_t> x_tools;  // their blocks
};

}  // namespace

std::unique_ptr<StreamWriter> make_anthropic_writer(const StreamRelay::Options& options) {
    return std::make_unique<AnthropicWriter>(options);
}

}  // namespace tidegate::dialect::detail
