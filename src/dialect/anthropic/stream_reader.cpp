// Events of a message.
#include "../event_json.h"
#include "../provider_error.h"
#include "../stream_parts.h"
#include "../usage_reader.h"
#include "words.h"

#include <algorithm>
#include <vector>

namespace tidegate::dialect::detail {
namespace {

namespace dom = simdjson::dom;

class AnthropicReader final : public StreamReader {
  public:
    Result<Verdict> read(const SseEvent& event, StreamFacts& facts, StreamWriter* writer) override {
        if (!event.has_data) {
            if (writer != nullptr && event.raw.starts_with(':'))
                writer->ping();
            return Verdict::pass;
        }
        // Once content has begun, the deltas are nobody's business.
        if (writer == nullptr && facts.content && event.name == "content_block_delta")
            return Verdict::pass;
        if (event.name == "ping") {
            if (writer != nullptr)
                writer->ping();
            return Verdict::pass;
        }
        if (!x_json.parse(event.data))
            return malformed("an event of the stream is no JSON object");
        const dom::object& root = x_json.root();
        const std::string_view type = event.name.empty() ? string_at(root, "type") : event.name;
        if (type == "message_start") {
            read_start(root, facts, writer);
        } else if (type == "content_block_start") {
            read_block_start(root, facts, writer);
        } else if (type == "content_block_delta") {
            read_block_delta(root, facts, writer);
        } else if (type == "content_block_stop") {
            if (writer != nullptr)
                read_block_stop(root, *writer);
        } else if (type == "message_delta") {
            read_message_delta(root, facts);
        } else if (type == "message_stop") {
            facts.complete = true;
            if (writer != nullptr) {
                start(facts, *writer);
                writer->finish(facts);
            }
        } else if (type == "error") {
            dom::element error;
            facts.error =
                root["error"].get(error) == simdjson::SUCCESS ? read_error_element(error) : ProviderError();
        } else if (type == "ping" && writer != nullptr) {
            writer->ping();
        }
        return Verdict::pass;
    }

    void append_stripped(std::string& out) override { out.append(x_json.document()); }

  private:
    // A tool block on its way to the other format.
    struct Tool {
        std::int64_t block = 0;
        bool has_arguments = false;
    };

    void start(const StreamFacts& facts, StreamWriter& writer) {
        if (x_started)
            return;
        x_started = true;
        writer.start(facts);
    }

    void read_start(const dom::object& root, StreamFacts& facts, StreamWriter* writer) {
        dom::object message;
        if (root["message"].get(message) == simdjson::SUCCESS) {
            facts.id = string_at(message, "id");
            facts.model = string_at(message, "model");
            read_usage(message, facts, false);
        }
        if (writer != nullptr)
            start(facts, *writer);
    }

    void read_block_start(const dom::object& root, StreamFacts& facts, StreamWriter* writer) {
        dom::object block;
        if (root["content_block"].get(block) != simdjson::SUCCESS)
            return;
        const std::string_view type = string_at(block, "type");
        const bool text = type == "text";
        const bool thinking = type == "thinking";
        const std::string_view begun = text       ? string_at(block, "text")
                                       : thinking ? string_at(block, "thinking")
                                                  : "";
        if ((!text && !thinking) || !begun.empty())
            facts.content = true;
        if (writer == nullptr)
            return;
        start(facts, *writer);
        if (type == "tool_use") {
            x_tools.emplace_back().block = index_of(root);
            writer->tool_start(x_tools.size() - 1, string_at(block, "id"), string_at(block, "name"));
        } else if (!begun.empty()) {
            text ? writer->text(begun) : writer->reasoning(begun);
        }
    }

    void read_block_delta(const dom::object& root, StreamFacts& facts, StreamWriter* writer) {
        dom::object delta;
        if (root["delta"].get(delta) != simdjson::SUCCESS)
            return;
        const std::string_view type = string_at(delta, "type");
        const bool text = type == "text_delta";
        const bool thinking = type == "thinking_delta";
        const std::string_view piece = text       ? string_at(delta, "text")
                                       : thinking ? string_at(delta, "thinking")
                                                  : "";
        if ((!text && !thinking) || !piece.empty())
            facts.content = true;
        if (writer == nullptr)
            return;
        start(facts, *writer);
        if (type == "input_json_delta") {
            const std::string_view json = string_at(delta, "partial_json");
            const auto tool = find_tool(root);
            if (tool == x_tools.end() || json.empty())
                return;
            tool->has_arguments = true;
            writer->tool_arguments(static_cast<std::size_t>(tool - x_tools.begin()), json);
        } else if (!piece.empty()) {
            text ? writer->text(piece) : writer->reasoning(piece);
        }
    }

    // A tool without arguments has none in its deltas; the other format wants an empty object.
    void read_block_stop(const dom::object& root, StreamWriter& writer) {
        const auto tool = find_tool(root);
        if (tool == x_tools.end() || tool->has_arguments)
            return;
        tool->has_arguments = true;
        writer.tool_arguments(static_cast<std::size_t>(tool - x_tools.begin()), "{}");
    }

    void read_message_delta(const dom::object& root, StreamFacts& facts) {
        dom::object delta;
        if (root["delta"].get(delta) == simdjson::SUCCESS) {
            const Finish finish = anthropic::read_finish(string_at(delta, "stop_reason"));
            if (finish != Finish::none)
                facts.finish = finish;
            if (finish == Finish::content_filter)
                facts.refusal = true;
        }
        read_usage(root, facts, true);
    }

    void read_usage(const dom::object& holder, StreamFacts& facts, bool final_figures) {
        dom::object usage;
        if (holder["usage"].get(usage) != simdjson::SUCCESS)
            return;
        x_usage.merge(usage);
        x_final = x_final || (final_figures && usage["output_tokens"].error() == simdjson::SUCCESS);
        facts.usage = x_usage.usage(x_final);
    }

    static std::int64_t index_of(const dom::object& root) {
        std::int64_t index = 0;
        return root["index"].get(index) == simdjson::SUCCESS ? index : -1;
    }
    std::vector<Tool>::iterator find_tool(const dom::object& root) {
        const std::int64_t index = index_of(root);
        return std::find_if(x_tools.begin(), x_tools.end(),
                            [&](const Tool& tool) { return tool.block == index; });
    }

    EventJson& x_json = thread_event_json();
    AnthropicUsage x_usage;
    bool x_final = false;
    bool x_started = false;
    std::vector<Tool> x_tools;
};

}  // namespace

std::unique_ptr<StreamReader> make_anthropic_reader() {
    return std::make_unique<AnthropicReader>();
}

}  // namespace tidegate::dialect::detail
