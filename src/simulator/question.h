// What a request asks for, read and checked as a provider would, in either dialect.
#pragma once

#include <tidegate/base/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace tidegate::simulator {

enum class Dialect { openai, anthropic };

struct Tool {
    std::string name;
    nlohmann::json schema;  // of its arguments; may be null
};

struct Question {
    Dialect dialect = Dialect::openai;
    std::string model;  // with its directives
    bool stream = false;
    bool stream_usage = false;
    std::uint64_t hash = 0;  // of the model's plain name and the messages
    int input_tokens = 0;
    std::optional<int> max_tokens;
    int choices = 1;
    int top_logprobs = -1;  // -1: no log-probabilities
    bool json = false;      // the answer is to be a JSON object
    nlohmann::json schema;  // of that object, if one was given
    bool thinking = false;
    std::vector<Tool> tools;
    bool must_call = false;  // a tool is required, or named (then it is the first of `tools`)
    bool may_call = true;
    std::string last_user;    // the text of the last user message
    bool after_tool = false;  // the last message is a tool's result
};

// The error's message is fit for the client.
Result<Question> read_openai(std::string_view body);
Result<Question> read_anthropic(std::string_view body);
// Of /v1/messages/count_tokens, which needs no `max_tokens`.
Result<Question> read_anthropic_count(std::string_view body);

struct EmbeddingQuestion {
    std::string model;
    std::vector<std::string> inputs;
    std::size_t dimensions = 256;
    bool base64 = false;
};
Result<EmbeddingQuestion> read_embeddings(std::string_view body);

// Words, at least one of a text that is not empty.
int count_tokens(std::string_view text);
// FNV-1a, mixed so that every bit depends on every byte.
std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace tidegate::simulator
