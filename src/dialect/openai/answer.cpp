// Whole chat completions and embeddings.
#include "../answer_parts.h"
#include "../event_json.h"
#include "../log_probabilities.h"
#include "../stream_parts.h"
#include "../usage_reader.h"
#include "words.h"

#include <tidegate/base/text.h>

#include <iterator>

#include <fmt/format.h>

namespace tidegate::dialect::detail {
namespace {

namespace dom = simdjson::dom;

void read_usage(const dom::object& answer, Usage& usage) {
    dom::object figures;
    if (answer["usage"].get(figures) == simdjson::SUCCESS)
        usage = read_openai_usage(figures);
}

AnswerFacts begin_facts(const dom::object& answer) {
    AnswerFacts facts;
    facts.id = string_at(answer, "id");
    facts.model = string_at(answer, "model");
    read_usage(answer, facts.usage);
    return facts;
}

// The text of a message: a string, or the text parts of an array.
std::string text_of(const dom::object& message, std::string_view name) {
    std::string out(string_at(message, name));
    dom::array parts;
    if (message[name].get(parts) != simdjson::SUCCESS)
        return out;
    for (const dom::element part : parts) {
        dom::object object;
        if (part.get(object) == simdjson::SUCCESS)
            out += string_at(object, "text");
    }
    return out;
}

Result<std::string> read_arguments(std::string_view text) {
    if (trim(text).empty())
        return std::string("{}");
    dom::parser parser;
    dom::object object;
    if (parser.parse(text.data(), text.size(), true).get(object) != simdjson::SUCCESS) {
        return malformed("the arguments of a tool call are no JSON object");
    }
    return std::string(text);
}

}  // namespace

Result<AnswerFacts> read_openai_answer(const dom::object& answer) {
    dom::array choices;
    if (answer["choices"].get(choices) != simdjson::SUCCESS || choices.begin() == choices.end()) {
        return malformed("the answer has no choices");
    }
    AnswerFacts facts = begin_facts(answer);
    LogprobMean logprobs;
    for (const dom::element element : choices) {
        dom::object choice;
        dom::object message;
        if (element.get(choice) != simdjson::SUCCESS || choice["message"].get(message) != simdjson::SUCCESS) {
            return malformed("a choice of the answer has no message");
        }
        const Finish finish = openai::read_finish(string_at(choice, "finish_reason"));
        if (facts.finish == Finish::none)
            facts.finish = finish;
        logprobs.add(choice);
        facts.has_content = facts.has_content || openai::has_content(message);
        facts.refusal =
            facts.refusal || finish == Finish::content_filter || !string_at(message, "refusal").empty();
    }
    facts.mean_logprob = logprobs.mean();
    return facts;
}

Result<AnswerFacts> read_openai_embeddings(const dom::object& answer) {
    dom::array data;
    if (answer["data"].get(data) != simdjson::SUCCESS || data.begin() == data.end())
        return malformed("the answer has no embeddings");
    AnswerFacts facts = begin_facts(answer);
    facts.finish = Finish::stop;
    facts.has_content = true;
    return facts;
}

Result<ChatAnswer> decode_openai_answer(const dom::object& answer) {
    dom::array choices;
    dom::object message;
    if (answer["choices"].get(choices) != simdjson::SUCCESS || choices.begin() == choices.end()) {
        return malformed("the answer has no choices");
    }
    dom::object choice;
    if ((*choices.begin()).get(choice) != simdjson::SUCCESS ||
        choice["message"].get(message) != simdjson::SUCCESS) {
        return malformed("a choice of the answer has no message");
    }
    ChatAnswer chat;
    read_usage(answer, chat.usage);
    chat.model = string_at(answer, "model");
    chat.finish = openai::read_finish(string_at(choice, "finish_reason"));
    chat.text = text_of(message, "content");
    chat.refusal = string_at(message, "refusal");
    chat.reasoning = string_at(message, "reasoning_content");
    if (chat.reasoning.empty())
        chat.reasoning = string_at(message, "reasoning");
    dom::array calls;
    if (message["tool_calls"].get(calls) != simdjson::SUCCESS)
        return chat;
    for (const dom::element element : calls) {
        dom::object call;
        dom::object function;
        if (element.get(call) != simdjson::SUCCESS || call["function"].get(function) != simdjson::SUCCESS) {
            return malformed("a tool call of the answer is no function");
        }
        Result<std::string> arguments = read_arguments(string_at(function, "arguments"));
        if (!arguments)
            return arguments.error();
        chat.tools.push_back({string_at(call, "id"), string_at(function, "name"), std::move(*arguments)});
    }
    return chat;
}

void encode_openai_answer(const ChatAnswer& answer, const AnswerIdentity& identity, std::string& out) {
    out += R"({"id":)";
    append_json_string(out, fmt::format("chatcmpl-{}", identity.call_id));
    fmt::format_to(std::back_inserter(out), R"(,"object":"chat.completion","created":{},"model":)",
                   identity.created);
    append_json_string(out, identity.model.empty() ? answer.model : identity.model);
    out += R"(,"choices":[{"index":0,"message":{"role":"assistant","content":)";
    if (answer.text.empty() && (!answer.tools.empty() || !answer.refusal.empty())) {
        out += "null";
    } else {
        append_json_string(out, answer.text);
    }
    out += R"(,"refusal":)";
    answer.refusal.empty() ? void(out += "null") : append_json_string(out, answer.refusal);
    if (!answer.reasoning.empty()) {
        out += R"(,"reasoning_content":)";
        append_json_string(out, answer.reasoning);
    }
    for (std::size_t i = 0; i < answer.tools.size(); ++i) {
        out += i == 0 ? R"(,"tool_calls":[{"id":)" : R"(,{"id":)";
        append_json_string(out, answer.tools[i].id);
        out += R"(,"type":"function","function":{"name":)";
        append_json_string(out, answer.tools[i].name);
        out += R"(,"arguments":)";
        append_json_string(out, answer.tools[i].arguments);
        out += "}}";
    }
    if (!answer.tools.empty())
        out += ']';
    fmt::format_to(std::back_inserter(out), R"(}},"logprobs":null,"finish_reason":"{}"}}],"usage":)",
                   openai::write_finish(answer.finish));
    openai::append_usage(out, answer.usage);
    out += '}';
}

}  // namespace tidegate::dialect::detail
