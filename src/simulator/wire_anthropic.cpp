#include "simulator/wire.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace tidegate::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kArgumentBytes = 8;  // of a tool's input in one event

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Event event(const Json& json, int tokens = 0) {
    return {.bytes = "event: " + json["type"].get<std::string>() + "\ndata: " + dump(json) + "\n\n",
            .tokens = tokens};
}

std::string stop_reason(const Choice& choice, const Behaviour& behaviour) {
    if (behaviour.finish)
        return *behaviour.finish;
    if (behaviour.refusal)
        return "refusal";
    switch (choice.finish) {
        case Finish::length:
            return "max_tokens";
        case Finish::tools:
            return "tool_use";
        case Finish::stop:
            break;
    }
    return "end_turn";
}

// The input without what was read from or written to the cache, as this dialect counts.
Json usage_json(const Usage& usage, int output) {
    return {{"input_tokens", usage.input - usage.cached - usage.cache_write},
            {"cache_creation_input_tokens", usage.cache_write},
            {"cache_read_input_tokens", usage.cached},
            {"cache_creation",
             {{"ephemeral_5m_input_tokens", usage.cache_write}, {"ephemeral_1h_input_tokens", 0}}},
            {"output_tokens", output},
            {"service_tier", "standard"}};
}

Json message_json(const Answer& answer) {
    return {{"id", "msg_" + answer.id}, {"type", "message"},        {"role", "assistant"},
            {"model", answer.model},    {"content", Json::array()}, {"stop_reason", nullptr},
            {"stop_sequence", nullptr}};
}

std::string body(const Question&, const Behaviour& behaviour, const Answer& answer) {
    const Choice& choice = answer.choices.front();
    Json message = message_json(answer);
    Json& content = message["content"];
    if (!choice.thinking.empty()) {
        content.push_back({{"type", "thinking"},
                           {"thinking", join(choice.thinking, 0, choice.thinking.size())},
                           {"signature", "c2ltdWxhdG9y"}});
    }
    if (!choice.tokens.empty())
        content.push_back({{"type", "text"}, {"text", choice.text()}});
    for (const ToolCall& call : choice.calls) {
        content.push_back({{"type", "tool_use"},
                           {"id", "toolu_" + call.id},
                           {"name", call.name},
                           {"input", Json::parse(call.arguments)}});
    }
    message["stop_reason"] = stop_reason(choice, behaviour);
    if (behaviour.usage)
        message["usage"] = usage_json(answer.usage, answer.usage.output);
    return dump(message);
}

// Makes the events of one answer, block by block.
class Events {
  public:
    explicit Events(const Behaviour& behaviour) : behaviour_(behaviour) {}

    std::vector<Event> make(const Answer& answer) {
        const Choice& choice = answer.choices.front();
        Json message = message_json(answer);
        if (behaviour_.usage)
            message["usage"] = usage_json(answer.usage, 1);
        events_.push_back(event({{"type", "message_start"}, {"message", message}}));
        events_.push_back(event({{"type", "ping"}}));
        if (!choice.thinking.empty())
            thinking(choice);
        if (!choice.tokens.empty()) {
            open({{"type", "text"}, {"text", ""}});
            deltas(choice.tokens, "text_delta", "text");
            close();
        }
        for (const ToolCall& call : choice.calls) tool(call);
        Json last{{"type", "message_delta"},
                  {"delta", {{"stop_reason", stop_reason(choice, behaviour_)}, {"stop_sequence", nullptr}}}};
        if (behaviour_.usage)
            last["usage"] = usage_json(answer.usage, answer.usage.output);
        events_.push_back(event(last));
        events_.push_back(event({{"type", "message_stop"}}));
        return std::move(events_);
    }

  private:
    void open(Json block) {
        events_.push_back(
            event({{"type", "content_block_start"}, {"index", index_}, {"content_block", std::move(block)}}));
    }

    void delta(Json what, int tokens) {
        events_.push_back(
            event({{"type", "content_block_delta"}, {"index", index_}, {"delta", std::move(what)}}, tokens));
    }

    void close() {
        events_.push_back(event({{"type", "content_block_stop"}, {"index", index_}}));
        ++index_;
    }

    void deltas(const std::vector<std::string>& tokens, const char* type, const char* member) {
        const auto step = static_cast<std::size_t>(behaviour_.tokens_per_chunk);
        for (std::size_t begin = 0; begin < tokens.size(); begin += step) {
            const auto count = static_cast<int>(std::min(step, tokens.size() - begin));
            delta({{"type", type}, {member, join(tokens, begin, step)}}, count);
        }
    }

    void thinking(const Choice& choice) {
        open({{"type", "thinking"}, {"thinking", ""}, {"signature", ""}});
        deltas(choice.thinking, "thinking_delta", "thinking");
        delta({{"type", "signature_delta"}, {"signature", "c2ltdWxhdG9y"}}, 0);
        close();
    }

    void tool(const ToolCall& call) {
        open(
            {{"type", "tool_use"}, {"id", "toolu_" + call.id}, {"name", call.name}, {"input", Json::object()}});
        for (const std::string_view piece : pieces(call.arguments, kArgumentBytes)) {
            delta({{"type", "input_json_delta"}, {"partial_json", piece}}, 1);
        }
        close();
    }

    const Behaviour& behaviour_;
    std::vector<Event> events_;
    int index_ = 0;
};

std::vector<Event> stream(const Question&, const Behaviour& behaviour, const Answer& answer) {
    return Events(behaviour).make(answer);
}

std::string_view error_type(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 402:
            return "billing_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 413:
            return "request_too_large";
        case 429:
            return "rate_limit_error";
        case 504:
            return "timeout_error";
        case 529:
            return "overloaded_error";
        default:
            break;
    }
    return status < 500 ? "invalid_request_error" : "api_error";
}

std::string error(int status, std::string_view message, std::string_view request_id) {
    return dump({{"type", "error"},
                 {"error", {{"type", error_type(status)}, {"message", message}}},
                 {"request_id", request_id}});
}

std::string error_event(std::string_view message) {
    return event({{"type", "error"}, {"error", {{"type", "overloaded_error"}, {"message", message}}}}).bytes;
}

}  // namespace

const Wire kAnthropic{body, stream, error, error_event, "request-id"};

}  // namespace tidegate::simulator
