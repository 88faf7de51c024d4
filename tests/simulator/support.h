// Makes questions and scripts, and reads streams back.
#pragma once

#include "simulator/script.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tidegate::simulator::testing {

using nlohmann::json;

inline json openai_body(std::string_view text = "What is the tide?") {
    return {{"model", "demo"}, {"messages", {{{"role", "user"}, {"content", text}}}}};
}

inline json anthropic_body(std::string_view text = "What is the tide?") {
    json body = openai_body(text);
    body["max_tokens"] = 1000;
    return body;
}

inline json with_tool(json body) {
    const json schema = {{"type", "object"},
                         {"properties", {{"city", {{"type", "string"}}}, {"days", {{"type", "integer"}}}}}};
    if (body.contains("max_tokens")) {
        body["tools"] = {{{"name", "get_weather"}, {"input_schema", schema}}};
    } else {
        body["tools"] = {
            {{"type", "function"}, {"function", {{"name", "get_weather"}, {"parameters", schema}}}}};
    }
    body["messages"][0]["content"] = "Use get_weather for Kiel";
    return body;
}

inline Question question(Dialect dialect, json body, bool stream = false) {
    if (stream)
        body["stream"] = true;
    const std::string text = body.dump();
    return dialect == Dialect::openai ? read_openai(text).value() : read_anthropic(text).value();
}

inline Script script(const Question& question, std::string_view directives = {}) {
    const Result<Behaviour> behaviour = apply_directives(directives, {});
    EXPECT_TRUE(behaviour) << directives;
    return make_script(question, *behaviour, 1'700'000'000, 0.5, "req_1");
}

inline std::string bytes_of(const Script& script) {
    std::string out;
    for (const Step& step : script.steps) out += step.bytes;
    return out;
}

// The data of each event; what follows the last blank line is not an event.
inline std::vector<std::string> data_of(const Script& script) {
    std::string bytes = bytes_of(script);
    std::vector<std::string> out;
    std::size_t end = 0;
    for (std::size_t begin = 0; (end = bytes.find("\n\n", begin)) != std::string::npos; begin = end + 2) {
        const std::string event = bytes.substr(begin, end - begin);
        out.push_back(event.substr(event.find("data: ") + 6));
    }
    return out;
}

// The text of all deltas.
inline std::string text_of(const Script& script) {
    std::string text;
    for (const std::string& data : data_of(script)) {
        const json event = json::parse(data, nullptr, false);
        if (!event.is_object())
            continue;
        if (event.contains("choices") && !event["choices"].empty()) {
            text += event["choices"][0]["delta"].value("content", "");
        } else if (event.value("type", "") == "content_block_delta") {
            text += event["delta"].value("text", "");
        }
    }
    return text;
}

inline std::string header_of(const Script& script, std::string_view name) {
    for (const auto& [header, value] : script.headers) {
        if (header == name)
            return value;
    }
    return {};
}

}  // namespace tidegate::simulator::testing
