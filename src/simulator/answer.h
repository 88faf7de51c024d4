// What the simulator says: a pure function of the question and the behaviour. Knows no wire format.
#pragma once

#include "simulator/question.h"

#include <tidegate/simulator/behaviour.h>

namespace tidegate::simulator {

struct ToolCall {
    std::string id;
    std::string name;
    std::string arguments;  // JSON
};

enum class Finish { stop, length, tools };

// One choice. Its tokens, joined, are its text.
struct Choice {
    std::vector<std::string> thinking;
    std::vector<std::string> tokens;
    std::vector<double> logprobs;  // one a token
    std::vector<ToolCall> calls;
    Finish finish = Finish::stop;

    std::string text() const;
};

struct Usage {
    int input = 0;  // all of it
    int cached = 0;
    int cache_write = 0;
    int output = 0;  // all of it
    int reasoning = 0;
};

struct Answer {
    std::string id;            // without the dialect's prefix
    std::string model;         // without directives
    std::int64_t created = 0;  // seconds since 1970
    std::vector<Choice> choices;
    Usage usage;
};

Answer make_answer(const Question& question, const Behaviour& behaviour, std::int64_t created);

// The numbers of an embedding, of length one.
std::vector<float> embedding(std::string_view model, std::string_view text, std::size_t dimensions);

// Any value that fits `schema`, of the parts of JSON Schema that tools use.
nlohmann::json value_for(const nlohmann::json& schema, int depth = 0);

// Cuts into tokens: a word with the space before it.
std::vector<std::string> tokenize(std::string_view text);

}  // namespace tidegate::simulator
