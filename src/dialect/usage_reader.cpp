#include "usage_reader.h"

#include <algorithm>

namespace tidegate::dialect::detail {
namespace {

namespace dom = simdjson::dom;

// Takes `part` out of what is left of a whole.
std::int64_t take(std::int64_t& left, std::int64_t part) {
    part = std::min(part, left);
    left -= part;
    return part;
}

std::int64_t tokens_of(const dom::object& object, std::string_view name) {
    return read_tokens(object[name]).value_or(0);
}

}  // namespace

std::optional<std::int64_t> read_tokens(simdjson::simdjson_result<dom::element> value) {
    dom::element element;
    if (value.get(element) != simdjson::SUCCESS)
        return std::nullopt;
    std::int64_t integer = 0;
    if (element.get(integer) == simdjson::SUCCESS)
        return std::clamp<std::int64_t>(integer, 0, Usage::kMaximum);
    if (element.is_uint64())
        return Usage::kMaximum;
    double number = 0;
    if (element.get(number) != simdjson::SUCCESS)
        return std::nullopt;
    return static_cast<std::int64_t>(std::clamp(number, 0.0, static_cast<double>(Usage::kMaximum)));
}

Usage read_openai_usage(const dom::object& object) {
    const std::int64_t prompt = tokens_of(object, "prompt_tokens");
    const std::optional<std::int64_t> completion = read_tokens(object["completion_tokens"]);
    Usage usage;
    usage.reported = true;

    usage.input = prompt;
    dom::object details;
    if (object["prompt_tokens_details"].get(details) == simdjson::SUCCESS) {
        usage.cache_read = take(usage.input, tokens_of(details, "cached_tokens"));
        usage.cache_write = take(usage.input, tokens_of(details, "cache_write_tokens"));
        usage.audio_input = take(usage.input, tokens_of(details, "audio_tokens"));
    } else {
        usage.cache_read = take(usage.input, tokens_of(object, "prompt_cache_hit_tokens"));
    }

    usage.output = completion.value_or(0);
    std::int64_t reasoning = 0;
    std::int64_t audio = 0;
    if (object["completion_tokens_details"].get(details) == simdjson::SUCCESS) {
        reasoning = tokens_of(details, "reasoning_tokens");
        audio = tokens_of(details, "audio_tokens");
    }
    // Some providers count reasoning, or something without a name, beside the completion: only the total shows
    // it.
    const std::int64_t beside = tokens_of(object, "total_tokens") - prompt - completion.value_or(0);
    if (beside > 0 && beside == reasoning) {
        usage.reasoning = reasoning;
    } else {
        usage.reasoning = take(usage.output, reasoning);
        if (beside > 0)
            (completion ? usage.output : usage.input) += beside;
    }
    usage.audio_output = take(usage.output, audio);
    return usage;
}

void AnthropicUsage::merge(const dom::object& usage) {
    const auto update = [](std::int64_t& figure, simdjson::simdjson_result<dom::element> value) {
        if (const auto tokens = read_tokens(value))
            figure = *tokens;
    };
    update(x_input, usage["input_tokens"]);
    update(x_cache_read, usage["cache_read_input_tokens"]);
    update(x_cache_write, usage["cache_creation_input_tokens"]);
    update(x_output, usage["output_tokens"]);
    dom::object details;
    if (usage["cache_creation"].get(details) == simdjson::SUCCESS) {
        update(x_cache_write_5m, details["ephemeral_5m_input_tokens"]);
        update(x_cache_write_1h, details["ephemeral_1h_input_tokens"]);
    }
    if (usage["output_tokens_details"].get(details) == simdjson::SUCCESS)
        update(x_thinking, details["thinking_tokens"]);
    x_any = true;
}

Usage AnthropicUsage::usage(bool final_figures) const {
    Usage usage;
    usage.reported = x_any && final_figures;
    usage.input = x_input;
    usage.cache_read = x_cache_read;
    const std::int64_t written =
        std::min(std::max(x_cache_write, x_cache_write_5m + x_cache_write_1h), Usage::kMaximum);
    usage.cache_write_1h = std::min(x_cache_write_1h, written);
    usage.cache_write = written - usage.cache_write_1h;
    usage.reasoning = std::min(x_thinking, x_output);
    usage.output = x_output - usage.reasoning;
    return usage;
}

}  // namespace tidegate::dialect::detail
