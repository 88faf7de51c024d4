#include "cross.h"

#include "chat.h"
#include "splice.h"

#include <fmt/format.h>

namespace tidegate::dialect::detail {
namespace {

namespace dom = simdjson::dom;

Result<void> decode_number(const ParsedRequest& request, Known known, std::optional<double>& out) {
    const Member* member = request.value(known);
    if (member == nullptr)
        return {};
    double number = 0;
    if (member->value.get(number) != simdjson::SUCCESS) {
        return client_error(fmt::format("'{}' must be a number", name_of(known)));
    }
    out = number;
    return {};
}

// What the variant sets wins; what the model refuses goes.
void apply(const RequestEdits& edits, const ParsedRequest& request, Chat& chat) {
    if (edits.temperature)
        chat.temperature = edits.temperature;
    if (edits.top_p)
        chat.top_p = edits.top_p;
    if (edits.seed)
        chat.seed = edits.seed;
    if (edits.stop)
        chat.stop.assign(edits.stop->begin(), edits.stop->end());
    if (!edits.reasoning_effort.empty())
        chat.reasoning_effort = edits.reasoning_effort;
    chat.max_tokens = edits.max_output_tokens ? edits.max_output_tokens : request.max_output_tokens;
    const auto refuse = [&](Quirk quirk, bool present, std::string_view name, auto& value) {
        if (!edits.quirks.has(quirk) || !present)
            return;
        value = {};
        chat.drop(name);
    };
    refuse(Quirk::no_temperature, chat.temperature.has_value(), "temperature", chat.temperature);
    refuse(Quirk::no_top_p, chat.top_p.has_value(), "top_p", chat.top_p);
    refuse(Quirk::no_seed, chat.seed.has_value(), "seed", chat.seed);
    refuse(Quirk::no_stop, !chat.stop.empty(), "stop", chat.stop);
    refuse(Quirk::no_parallel_tool_calls, chat.parallel_tools.has_value(), "parallel_tool_calls",
           chat.parallel_tools);
    refuse(Quirk::no_reasoning_effort, !chat.reasoning_effort.empty(), "reasoning_effort",
           chat.reasoning_effort);
}

// The prompt's messages come first; its system texts before the client's.
void add_prompt(const RequestEdits& edits, Chat& chat) {
    std::vector<std::string_view> system;
    std::vector<ChatMessage> messages;
    for (const PromptMessage& message : edits.prompt) {
        if (message.role == Role::system || message.role == Role::developer) {
            system.push_back(message.text);
        } else if (!message.text.empty()) {
            ChatMessage& added = messages.emplace_back();
            added.role = message.role == Role::assistant ? Role::assistant : Role::user;
            added.blocks.emplace_back().text = message.text;
        }
    }
    chat.system.insert(chat.system.begin(), system.begin(), system.end());
    chat.messages.insert(chat.messages.begin(), std::make_move_iterator(messages.begin()),
                         std::make_move_iterator(messages.end()));
}

}  // namespace

Error cannot_cross(std::string_view what) {
    return client_error(fmt::format("{} cannot be sent to this model: its provider speaks another API", what));
}

Result<void> decode_common(const ParsedRequest& request, Chat& chat) {
    chat.stream = request.stream;
    chat.user = request.user;
    Result<void> result = decode_number(request, Known::temperature, chat.temperature);
    if (result)
        result = decode_number(request, Known::top_p, chat.top_p);
    return result;
}

Result<std::vector<std::string>> cross(const ParsedRequest& request, Format to, const RequestEdits& edits,
                                       std::string& out) {
    if (request.operation != Operation::chat)
        return cannot_cross("a request for embeddings");
    if (request.provider_state)
        return cannot_cross("a request that refers to what its provider holds");
    Chat chat;
    Result<void> result =
        request.format == Format::openai ? decode_openai(request, chat) : decode_anthropic(request, chat);
    if (!result)
        return result.error();
    apply(edits, request, chat);
    add_prompt(edits, chat);
    result = to == Format::openai ? encode_openai(chat, edits, out) : encode_anthropic(chat, edits, out);
    if (!result)
        return result.error();
    return std::move(chat.dropped);
}

}  // namespace tidegate::dialect::detail
