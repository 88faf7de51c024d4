#include "simulator/answer.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tidegate::simulator {
namespace {

using nlohmann::json;

// With characters of two, three and four bytes, so that whoever splits them is found out.
constexpr std::array<std::string_view, 48> kWords{
    "the",   "tide",   "harbour", "gate",   "opens", "slowly", "when",    "water",   "rises",  "and",
    "ships", "wait",   "outside", "for",    "a",     "quiet",  "morning", "with",    "light",  "wind",
    "from",  "south",  "before",  "they",   "enter", "one",    "by",      "lantern", "bridge", "keeps",
    "its",   "Brücke", "été",     "señal",  "naïve", "港",     "波",      "門",      "море",   "🌊",
    "⚓",    "steady", "rope",    "anchor", "chart", "pilot",  "calm",    "sound",
};

std::string hexadecimal(std::uint64_t value) {
    std::string out(16, '0');
    for (std::size_t i = 16; i-- > 0; value >>= 4U) out[i] = "0123456789abcdef"[value & 15U];
    return out;
}

double unit(std::uint64_t hash) {
    return static_cast<double>(hash >> 11U) * 0x1.0p-53;
}

std::vector<std::string> words(std::uint64_t hash, int count) {
    std::vector<std::string> out;
    out.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        hash = hash_of("word", hash);
        out.push_back((i == 0 ? "" : " ") + std::string(kWords[hash % kWords.size()]));
    }
    return out;
}

std::vector<std::string> text_tokens(const Question& question, const Behaviour& behaviour, std::uint64_t hash) {
    if (behaviour.text)
        return tokenize(*behaviour.text);
    if (behaviour.echo)
        return tokenize(question.last_user);
    if (behaviour.refusal)
        return tokenize("[simulator] I can not help with that.");
    if (question.json) {
        if (question.schema.is_object())
            return tokenize(value_for(question.schema).dump());
        return tokenize(R"({"simulator": true, "answer": ")" + std::string(kWords[hash % kWords.size()]) +
                        "\"}");
    }
    const int count = behaviour.tokens.value_or(12 + static_cast<int>(hash % 32));
    std::vector<std::string> tokens = words(hash, count);
    if (!tokens.empty())
        tokens.front() = "[simulator]";
    return tokens;
}

std::vector<double> logprobs_for(std::size_t count, double mean, std::uint64_t hash) {
    std::vector<double> out(count);
    for (double& value : out) {
        hash = hash_of("logprob", hash);
        value = mean * (0.5 + unit(hash));  // from half to one and a half of the mean
    }
    return out;
}

bool suggests_tool(const Question& question) {
    if (question.tools.empty() || !question.may_call)
        return false;
    if (question.must_call)
        return true;
    if (question.after_tool)
        return false;
    const auto named = [&](const Tool& tool) {
        return question.last_user.find(tool.name) != std::string::npos;
    };
    return question.last_user.find("tool") != std::string::npos ||
           std::any_of(question.tools.begin(), question.tools.end(), named);
}

std::vector<ToolCall> tool_calls(const Question& question, const Behaviour& behaviour, std::uint64_t hash) {
    if (question.tools.empty())
        return {};
    const int count = behaviour.tools.value_or(suggests_tool(question) ? 1 : 0);
    std::vector<ToolCall> out;
    for (int i = 0; i < count; ++i) {
        const Tool& tool = question.tools[static_cast<std::size_t>(i) % question.tools.size()];
        hash = hash_of("tool", hash);
        out.push_back({.id = hexadecimal(hash), .name = tool.name, .arguments = value_for(tool.schema).dump()});
    }
    return out;
}

Choice make_choice(const Question& question, const Behaviour& behaviour, std::uint64_t hash) {
    Choice choice;
    choice.calls = tool_calls(question, behaviour, hash);
    if (choice.calls.empty())
        choice.tokens = text_tokens(question, behaviour, hash);
    choice.finish = choice.calls.empty() ? Finish::stop : Finish::tools;
    if (question.max_tokens && choice.tokens.size() > static_cast<std::size_t>(*question.max_tokens)) {
        choice.tokens.resize(static_cast<std::size_t>(*question.max_tokens));
        choice.finish = Finish::length;
    }
    choice.logprobs = logprobs_for(choice.tokens.size(), behaviour.logprob, hash);
    if (question.thinking)
        choice.thinking = words(hash_of("thinking", hash), std::max(8, behaviour.reasoning_tokens));
    return choice;
}

}  // namespace

std::string Choice::text() const {
    std::string out;
    for (const std::string& token : tokens) out += token;
    return out;
}

Answer make_answer(const Question& question, const Behaviour& behaviour, std::int64_t created) {
    Answer answer;
    answer.id = "sim" + hexadecimal(question.hash);
    answer.model = split_model(question.model).model;
    answer.created = created;
    for (int i = 0; i < question.choices; ++i) {
        const std::uint64_t hash =
            i == 0 ? question.hash : hash_of("choice", question.hash + static_cast<std::uint64_t>(i));
        const Choice& choice = answer.choices.emplace_back(make_choice(question, behaviour, hash));
        const int thinking =
            choice.thinking.empty() ? behaviour.reasoning_tokens : static_cast<int>(choice.thinking.size());
        answer.usage.reasoning += thinking;
        answer.usage.output += thinking + static_cast<int>(choice.tokens.size());
        for (const ToolCall& call : choice.calls) answer.usage.output += count_tokens(call.arguments) + 1;
    }
    answer.usage.cached = behaviour.cached_tokens;
    answer.usage.cache_write = behaviour.cache_write_tokens;
    answer.usage.input = std::max(behaviour.input_tokens.value_or(question.input_tokens),
                                  behaviour.cached_tokens + behaviour.cache_write_tokens);
    return answer;
}

std::vector<float> embedding(std::string_view model, std::string_view text, std::size_t dimensions) {
    std::uint64_t hash = hash_of(text, hash_of(split_model(model).model));
    std::vector<float> out(dimensions);
    double sum = 0;
    for (float& value : out) {
        hash = hash_of("embedding", hash);
        value = static_cast<float>(unit(hash) * 2 - 1);
        sum += static_cast<double>(value) * static_cast<double>(value);
    }
    const double length = sum > 0 ? std::sqrt(sum) : 1;
    for (float& value : out) value = static_cast<float>(static_cast<double>(value) / length);
    return out;
}

json value_for(const json& schema, int depth) {
    if (!schema.is_object() || depth > 8)
        return depth == 0 ? json::object() : json{};
    if (const auto fixed = schema.find("const"); fixed != schema.end())
        return *fixed;
    if (const auto list = schema.find("enum"); list != schema.end() && list->is_array() && !list->empty()) {
        return list->front();
    }
    for (const char* name : {"anyOf", "oneOf", "allOf"}) {
        const auto list = schema.find(name);
        if (list != schema.end() && list->is_array() && !list->empty())
            return value_for(list->front(), depth + 1);
    }
    json type = schema.value("type", json("object"));
    if (type.is_array() && !type.empty())
        type = json(type.front());
    if (type == "string")
        return "simulated";
    if (type == "integer" || type == "number")
        return schema.value("minimum", json(1));
    if (type == "boolean")
        return true;
    if (type == "null")
        return nullptr;
    if (type == "array") {
        json list = json::array();
        if (schema.contains("items"))
            list.push_back(value_for(schema["items"], depth + 1));
        return list;
    }
    json object = json::object();
    const auto properties = schema.find("properties");
    if (properties == schema.end() || !properties->is_object())
        return object;
    for (const auto& [name, member] : properties->items()) object[name] = value_for(member, depth + 1);
    return object;
}

std::vector<std::string> tokenize(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
    std::vector<std::string> out;
    std::size_t begin = 0;
    while (begin < text.size()) {
        std::size_t end = begin;
        while (end < text.size() && is_space(text[end])) ++end;
        while (end < text.size() && !is_space(text[end])) ++end;
        out.emplace_back(text.substr(begin, end - begin));
        begin = end;
    }
    return out;
}

}  // namespace tidegate::simulator
