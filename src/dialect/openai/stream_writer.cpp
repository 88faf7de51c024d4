// A chat completion's chunks, written for a client of OpenAI's API.
#include "../stream_parts.h"
#include "words.h"

#include <tidegate/base/text.h>

#include <iterator>

#include <fmt/format.h>

namespace tidegate::dialect::detail {
namespace {

class OpenAiWriter final : public StreamWriter {
  public:
    explicit OpenAiWriter(const StreamRelay::Options& options)
        : x_wants_usage(options.client_wants_usage), x_model(options.model), x_created(options.created) {
        x_id = "chatcmpl-" + options.call_id;
    }

    void start(const StreamFacts& facts) override {
        if (!facts.model.empty())
            x_model = facts.model;
        open_delta();
        *x_out += R"("role":"assistant","content":"")";
        close_delta("null");
    }
    void text(std::string_view text) override { string_delta("content", text); }
    void reasoning(std::string_view text) override { string_delta("reasoning_content", text); }
    void refusal(std::string_view text) override { string_delta("refusal", text); }

    void tool_start(std::size_t tool, std::string_view id, std::string_view name) override {
        open_delta();
        fmt::format_to(std::back_inserter(*x_out), R"("tool_calls":[{{"index":{},"id":)", tool);
        append_json_string(*x_out, id);
        *x_out += R"(,"type":"function","function":{"name":)";
        append_json_string(*x_out, name);
        *x_out += R"(,"arguments":""}}])";
        close_delta("null");
    }
    void tool_arguments(std::size_t tool, std::string_view json) override {
        open_delta();
        fmt::format_to(std::back_inserter(*x_out), R"("tool_calls":[{{"index":{},"function":{{"arguments":)",
                       tool);
        append_json_string(*x_out, json);
        *x_out += "}}]";
        close_delta("null");
    }
    void ping() override { *x_out += heartbeat(Format::openai); }

    void finish(const StreamFacts& facts) override {
        open_delta();
        close_delta(fmt::format("\"{}\"", openai::write_finish(facts.finish)));
        if (x_wants_usage) {
            open_chunk();
            *x_out += R"("choices":[],"usage":)";
            openai::append_usage(*x_out, facts.usage);
            *x_out += "}\n\n";
        }
        *x_out += "data: [DONE]\n\n";
    }

  private:
    void open_chunk() {
        *x_out += R"(data: {"id":)";
        append_json_string(*x_out, x_id);
        fmt::format_to(std::back_inserter(*x_out), R"(,"object":"chat.completion.chunk","created":{},"model":)",
                       x_created);
        append_json_string(*x_out, x_model);
        *x_out += ',';
    }
    void open_delta() {
        open_chunk();
        *x_out += R"("choices":[{"index":0,"delta":{)";
    }
    void close_delta(std::string_view finish) {
        *x_out += R"(},"logprobs":null,"finish_reason":)";
        *x_out += finish;
        *x_out += x_wants_usage ? "}],\"usage\":null}\n\n" : "}]}\n\n";
    }
    void string_delta(std::string_view member, std::string_view text) {
        open_delta();
        *x_out += '"';
        *x_out += member;
        *x_out += "\":";
        append_json_string(*x_out, text);
        close_delta("null");
    }

    bool x_wants_usage;
    std::string x_id;
    std::string x_model;
    std::int64_t x_created;
};

}  // namespace

std::unique_ptr<StreamWriter> make_openai_writer(const StreamRelay::Options& options) {
    return std::make_unique<OpenAiWriter>(options);
}

}  // namespace tidegate::dialect::detail
