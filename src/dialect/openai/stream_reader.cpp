// Chunks of a chat completion.
#include "../event_json.h"
#include "../log_probabilities.h"
#include "../provider_error.h"
#include "../stream_parts.h"
#include "../usage_reader.h"
#include "words.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace tidegate::dialect::detail {
namespace {

namespace dom = simdjson::dom;

// What the first letters behind each quote tell of an event, of a text in it as well, which only costs a closer
// look.
struct Glance {
    bool may_matter = false;  // "usage", "error" or "refusal" may stand there
    std::uint8_t ends = 0;    // how many "finish_reason"; of at most 128 choices
};

// A loop without branches, of which the compiler makes vectors.
Glance glance_at(std::string_view data) {
    std::uint8_t found = 0;
    std::uint8_t ends = 0;
    for (std::size_t i = 0; i + 3 < data.size(); ++i) {
        const auto is = [&](std::size_t at, char letter) { return std::uint8_t{data[i + at] == letter}; };
        found |= is(0, '"') & ((is(1, 'u') & is(2, 's')) | (is(1, 'e') & is(2, 'r')) |
                               (is(1, 'r') & is(2, 'e') & is(3, 'f')));
        ends = static_cast<std::uint8_t>(ends + (is(0, '"') & is(1, 'f') & is(2, 'i') & is(3, 'n')));
    }
    return {found != 0, ends};
}

// Whether what stands behind a member's name is null.
bool is_null(std::string_view behind_name) {
    const std::size_t value = behind_name.find_first_not_of(": ");
    return value != std::string_view::npos && behind_name.substr(value).starts_with("null");
}

// Whether every member of this name (in quotes) is null, at whatever level.
bool only_null(std::string_view data, std::string_view name) {
    for (std::size_t at = data.find(name); at != std::string_view::npos; at = data.find(name, at)) {
        at += name.size();
        if (!is_null(data.substr(at)))
            return false;
    }
    return true;
}

class OpenAiReader final : public StreamReader {
  public:
    explicit OpenAiReader(const StreamRelay::Options& options)
        : x_wants_usage(options.client_wants_usage),
          x_reads_logprobs(options.reads_logprobs),
          x_strips_logprobs(options.strips_logprobs) {}

    Result<Verdict> read(const SseEvent& event, StreamFacts& facts, StreamWriter* writer) override {
        if (!event.has_data) {
            if (writer != nullptr && event.raw.starts_with(':'))
                writer->ping();
            return Verdict::pass;
        }
        if (event.data.starts_with("[DONE]")) {
            facts.complete = true;
            if (writer != nullptr) {
                start(facts, *writer);
                writer->finish(facts);
            }
            return Verdict::pass;
        }
        const bool every_event = x_reads_logprobs || x_strips_logprobs;
        if (writer == nullptr && facts.content && !every_event && is_plain(event.data))
            return Verdict::pass;
        if (!x_json.parse(event.data))
            return malformed("an event of the stream is no JSON object");
        return read_chunk(facts, writer);
    }

    void append_stripped(std::string& out) override {
        const JsonTokens tokens = x_json.tokens();
        ListCopy copy(tokens, 0, out);
        auto field = x_json.root().begin();
        tokens.for_each(0, [&](const JsonItem& item) {
            dom::array choices;
            if (field.key() == "usage" && !x_wants_usage) {
                copy.drop(item);
            } else if (x_has_logprobs && field.key() == "choices" &&
                       field.value().get(choices) == simdjson::SUCCESS) {
                copy.replace(item);
                append_without_logprobs(tokens, choices, item, out);
            } else {
                copy.keep(item);
            }
            ++field;
            return true;
        });
        copy.close(x_json.document().size());
    }

  private:
    // Of an event once content has begun: whether there is nothing in it to read, and nothing to strip.
    bool is_plain(std::string_view data) const {
        constexpr std::string_view usage = R"("usage")";
        constexpr std::string_view finish = R"("finish_reason")";
        const Glance glance = glance_at(data);
        if (glance.may_matter) {
            // OpenAI says "usage":null in each event but the last.
            const bool no_usage =
                x_wants_usage ? only_null(data, usage) : data.find(usage) == std::string_view::npos;
            if (!no_usage || !only_null(data, R"("error")") || !only_null(data, R"("refusal")"))
                return false;
        }
        const std::size_t end = data.rfind(finish);
        return glance.ends == 1 && end != std::string_view::npos && is_null(data.substr(end + finish.size()));
    }

    Result<Verdict> read_chunk(StreamFacts& facts, StreamWriter* writer) {
        const dom::object& root = x_json.root();
        x_has_logprobs = false;
        dom::element error;
        if (root["error"].get(error) == simdjson::SUCCESS && !error.is_null()) {
            facts.error = read_error_element(error);
            return Verdict::pass;
        }
        if (facts.id.empty())
            facts.id = string_at(root, "id");
        if (facts.model.empty())
            facts.model = string_at(root, "model");
        dom::element usage;
        const bool has_usage = root["usage"].get(usage) == simdjson::SUCCESS;
        if (has_usage) {
            dom::object figures;
            if (usage.get(figures) == simdjson::SUCCESS)
                facts.usage = read_openai_usage(figures);
        }
        if (writer != nullptr)
            start(facts, *writer);
        dom::array choices;
        if (root["choices"].get(choices) != simdjson::SUCCESS || choices.begin() == choices.end()) {
            if (!has_usage || x_wants_usage)
                return Verdict::pass;
            return usage.is_object() ? Verdict::drop : Verdict::strip;
        }
        for (const dom::element choice : choices) {
            dom::object object;
            if (choice.get(object) == simdjson::SUCCESS)
                read_choice(object, facts, writer);
        }
        return x_has_logprobs || (has_usage && !x_wants_usage) ? Verdict::strip : Verdict::pass;
    }

    void start(const StreamFacts& facts, StreamWriter& writer) {
        if (x_started)
            return;
        x_started = true;
        writer.start(facts);
    }

    void read_choice(const dom::object& choice, StreamFacts& facts, StreamWriter* writer) {
        const Finish finish = openai::read_finish(string_at(choice, "finish_reason"));
        if (finish != Finish::none)
            facts.finish = finish;
        if (finish == Finish::content_filter)
            facts.refusal = true;
        read_logprobs(choice, facts);
        dom::object delta;
        if (choice["delta"].get(delta) != simdjson::SUCCESS)
            return;
        if (openai::has_content(delta))
            facts.content = true;
        if (!string_at(delta, "refusal").empty())
            facts.refusal = true;
        std::int64_t index = 0;
        if (choice["index"].get(index) != simdjson::SUCCESS)
            index = 0;
        if (writer != nullptr && index == 0)
            write_delta(delta, *writer);
    }

    void read_logprobs(const dom::object& choice, StreamFacts& facts) {
        if (x_reads_logprobs) {
            x_logprobs.add(choice);
            facts.mean_logprob = x_logprobs.mean();
        }
        // Of a member that stands there twice as well: all are stripped.
        for (const auto field : choice) {
            if (x_strips_logprobs && field.key == "logprobs" && !field.value.is_null())
                x_has_logprobs = true;
        }
    }

    void write_delta(const dom::object& delta, StreamWriter& writer) {
        std::string_view reasoning = string_at(delta, "reasoning_content");
        if (reasoning.empty())
            reasoning = string_at(delta, "reasoning");
        if (!reasoning.empty())
            writer.reasoning(reasoning);
        if (const std::string_view text = string_at(delta, "content"); !text.empty())
            writer.text(text);
        if (const std::string_view text = string_at(delta, "refusal"); !text.empty())
            writer.refusal(text);
        dom::array calls;
        if (delta["tool_calls"].get(calls) != simdjson::SUCCESS)
            return;
        for (const dom::element call : calls) {
            dom::object object;
            if (call.get(object) == simdjson::SUCCESS)
                write_tool(object, writer);
        }
    }

    // A call is named by its `index`; providers that leave it out send each call whole, with its id.
    void write_tool(const dom::object& call, StreamWriter& writer) {
        std::int64_t index = 0;
        const std::string_view id = string_at(call, "id");
        if (call["index"].get(index) != simdjson::SUCCESS) {
            index = static_cast<std::int64_t>(x_tools.size()) - (id.empty() && !x_tools.empty() ? 1 : 0);
        }
        dom::object function;
        if (call["function"].get(function) != simdjson::SUCCESS)
            return;
        auto known = std::find(x_tools.begin(), x_tools.end(), index);
        if (known == x_tools.end()) {
            x_tools.push_back(index);
            known = x_tools.end() - 1;
            writer.tool_start(x_tools.size() - 1, id, string_at(function, "name"));
        }
        const std::string_view arguments = string_at(function, "arguments");
        if (!arguments.empty())
            writer.tool_arguments(static_cast<std::size_t>(known - x_tools.begin()), arguments);
    }

    bool x_wants_usage;
    bool x_reads_logprobs;
    bool x_strips_logprobs;
    bool x_has_logprobs = false;  // to be stripped, in the event just read
    LogprobMean x_logprobs;
    EventJson& x_json = thread_event_json();
    bool x_started = false;
    std::vector<std::int64_t> x_tools;  // their `index`, in the order of their start
};

}  // namespace

std::unique_ptr<StreamReader> make_openai_reader(const StreamRelay::Options& options) {
    return std::make_unique<OpenAiReader>(options);
}

}  // namespace tidegate::dialect::detail
