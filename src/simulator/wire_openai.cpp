#include "simulator/wire.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace tidegate::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kArgumentBytes = 8;  // of a tool's arguments in one event

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Event event(const Json& json, int tokens = 0) {
    return {.bytes = "data: " + dump(json) + "\n\n", .tokens = tokens};
}

std::string finish_reason(const Choice& choice, const Behaviour& behaviour) {
    if (behaviour.finish)
        return *behaviour.finish;
    switch (choice.finish) {
        case Finish::length:
            return "length";
        case Finish::tools:
            return "tool_calls";
        case Finish::stop:
            break;
    }
    return "stop";
}

Json usage_json(const Usage& usage) {
    return {{"prompt_tokens", usage.input},
            {"completion_tokens", usage.output},
            {"total_tokens", usage.input + usage.output},
            {"prompt_tokens_details", {{"cached_tokens", usage.cached}, {"audio_tokens", 0}}},
            {"completion_tokens_details",
             {{"reasoning_tokens", usage.reasoning},
              {"audio_tokens", 0},
              {"accepted_prediction_tokens", 0},
              {"rejected_prediction_tokens", 0}}}};
}

Json token_logprob(const std::string& token, double logprob) {
    Json bytes = Json::array();
    for (const char c : token) bytes.push_back(static_cast<unsigned char>(c));
    return {{"token", token}, {"logprob", logprob}, {"bytes", bytes}};
}

// Null if they were not asked for.
Json logprobs_json(const Question& question, const Choice& choice, std::size_t begin, std::size_t count) {
    if (question.top_logprobs < 0)
        return nullptr;
    Json content = Json::array();
    for (std::size_t i = begin; i < choice.tokens.size() && i - begin < count; ++i) {
        Json one = token_logprob(choice.tokens[i], choice.logprobs[i]);
        one["top_logprobs"] = Json::array();
        for (int rank = 0; rank < question.top_logprobs; ++rank) {
            const std::string other = rank == 0 ? choice.tokens[i] : "other" + std::to_string(rank);
            one["top_logprobs"].push_back(token_logprob(other, choice.logprobs[i] - rank));
        }
        content.push_back(std::move(one));
    }
    return {{"content", content}, {"refusal", nullptr}};
}

Json call_json(const ToolCall& call, std::string_view arguments) {
    return {{"id", "call_" + call.id},
            {"type", "function"},
            {"function", {{"name", call.name}, {"arguments", arguments}}}};
}

Json message_json(const Choice& choice, const Behaviour& behaviour) {
    Json message{{"role", "assistant"}, {"content", choice.text()}, {"refusal", nullptr}};
    if (behaviour.refusal)
        std::swap(message["content"], message["refusal"]);
    if (!choice.calls.empty()) {
        message["content"] = nullptr;
        message["tool_calls"] = Json::array();
        for (const ToolCall& call : choice.calls)
            message["tool_calls"].push_back(call_json(call, call.arguments));
    }
    return message;
}

std::string body(const Question& question, const Behaviour& behaviour, const Answer& answer) {
    Json choices = Json::array();
    for (const Choice& choice : answer.choices) {
        choices.push_back({{"index", choices.size()},
                           {"message", message_json(choice, behaviour)},
                           {"logprobs", logprobs_json(question, choice, 0, choice.tokens.size())},
                           {"finish_reason", finish_reason(choice, behaviour)}});
    }
    Json out{{"id", "chatcmpl-" + answer.id},
             {"object", "chat.completion"},
             {"created", answer.created},
             {"model", answer.model},
             {"choices", choices},
             {"service_tier", "default"},
             {"system_fingerprint", "fp_simulator"}};
    if (behaviour.usage)
        out["usage"] = usage_json(answer.usage);
    return dump(out);
}

// Makes the chunks of one answer.
class Chunks {
  public:
    Chunks(const Question& question, const Behaviour& behaviour, const Answer& answer)
        : question_(question), behaviour_(behaviour), answer_(answer) {}

    std::vector<Event> make() {
        for (std::size_t i = 0; i < answer_.choices.size(); ++i) {
            add(i, {{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}});
        }
        texts();
        for (std::size_t i = 0; i < answer_.choices.size(); ++i) calls(i);
        for (std::size_t i = 0; i < answer_.choices.size(); ++i) {
            add(i, Json::object(), 0, nullptr, finish_reason(answer_.choices[i], behaviour_));
        }
        if (question_.stream_usage && behaviour_.usage) {
            Json last = chunk(Json::array());
            last["usage"] = usage_json(answer_.usage);
            events_.push_back(event(last));
        }
        events_.push_back({.bytes = "data: [DONE]\n\n"});
        return std::move(events_);
    }

  private:
    Json chunk(Json choices) const {
        Json out{{"id", "chatcmpl-" + answer_.id}, {"object", "chat.completion.chunk"},
                 {"created", answer_.created},     {"model", answer_.model},
                 {"service_tier", "default"},      {"system_fingerprint", "fp_simulator"},
                 {"choices", std::move(choices)}};
        if (question_.stream_usage && behaviour_.usage)
            out["usage"] = nullptr;
        return out;
    }

    void add(std::size_t index, Json delta, int tokens = 0, Json logprobs = nullptr, Json finish = nullptr) {
        Json choice{{"index", index}, {"delta", std::move(delta)}, {"logprobs", std::move(logprobs)}};
        choice["finish_reason"] = std::move(finish);
        Json choices = Json::array();
        choices.push_back(std::move(choice));
        events_.push_back(event(chunk(std::move(choices)), tokens));
    }

    // All choices in turn.
    void texts() {
        const auto step = static_cast<std::size_t>(behaviour_.tokens_per_chunk);
        const char* member = behaviour_.refusal ? "refusal" : "content";
        std::size_t longest = 0;
        for (const Choice& choice : answer_.choices) longest = std::max(longest, choice.tokens.size());
        for (std::size_t begin = 0; begin < longest; begin += step) {
            for (std::size_t i = 0; i < answer_.choices.size(); ++i) {
                const Choice& choice = answer_.choices[i];
                if (begin >= choice.tokens.size())
                    continue;
                const auto count = static_cast<int>(std::min(step, choice.tokens.size() - begin));
                add(i, {{member, join(choice.tokens, begin, step)}}, count,
                    logprobs_json(question_, choice, begin, step));
            }
        }
    }

    void calls(std::size_t index) {
        std::size_t number = 0;
        for (const ToolCall& call : answer_.choices[index].calls) {
            Json opening = call_json(call, "");
            opening["index"] = number;
            add(index, {{"tool_calls", Json::array({opening})}}, 1);
            for (const std::string_view piece : pieces(call.arguments, kArgumentBytes)) {
                const Json part{{"index", number}, {"function", {{"arguments", piece}}}};
                add(index, {{"tool_calls", Json::array({part})}}, 1);
            }
            ++number;
        }
    }

    const Question& question_;
    const Behaviour& behaviour_;
    const Answer& answer_;
    std::vector<Event> events_;
};

std::vector<Event> stream(const Question& question, const Behaviour& behaviour, const Answer& answer) {
    return Chunks(question, behaviour, answer).make();
}

Json error_json(int status, std::string_view message) {
    const auto make = [&](std::string_view type, Json code) {
        return Json{
            {"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", std::move(code)}}}};
    };
    switch (status) {
        case 401:
            return make("invalid_request_error", "invalid_api_key");
        case 403:
            return make("invalid_request_error", "unsupported_country_region_territory");
        case 404:
            return make("invalid_request_error", "model_not_found");
        case 429:
            return make("requests", "rate_limit_exceeded");
        default:
            break;
    }
    return make(status < 500 ? "invalid_request_error" : "server_error", nullptr);
}

std::string error(int status, std::string_view message, std::string_view) {
    return dump(error_json(status, message));
}

std::string error_event(std::string_view message) {
    return event(error_json(500, message)).bytes;
}

}  // namespace

const Wire kOpenAi{body, stream, error, error_event, "x-request-id"};

}  // namespace tidegate::simulator
