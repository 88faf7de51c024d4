// A whole answer as both formats know it, on its way from one to the other.
#pragma once

#include <tidegate/dialect/answer.h>

#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

namespace tidegate::dialect::detail {

struct ToolCall {
    std::string_view id;
    std::string_view name;
    std::string arguments;  // a JSON object
};

// Views live as long as the parsed answer.
struct ChatAnswer {
    Usage usage;
    std::string_view model;
    Finish finish = Finish::stop;
    std::string reasoning;
    std::string text;
    std::string refusal;
    std::vector<ToolCall> tools;
};

Result<AnswerFacts> read_openai_answer(const simdjson::dom::object& answer);
Result<AnswerFacts> read_openai_embeddings(const simdjson::dom::object& answer);
Result<AnswerFacts> read_anthropic_answer(const simdjson::dom::object& answer);

Result<ChatAnswer> decode_openai_answer(const simdjson::dom::object& answer);
Result<ChatAnswer> decode_anthropic_answer(const simdjson::dom::object& answer);

void encode_openai_answer(const ChatAnswer& answer, const AnswerIdentity& identity, std::string& out);
void encode_anthropic_answer(const ChatAnswer& answer, const AnswerIdentity& identity, std::string& out);

}  // namespace tidegate::dialect::detail
