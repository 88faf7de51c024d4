#include "calls/guard_fixture.h"

#include <fmt/format.h>

namespace tidegate::calls::test {

using dialect::Format;

std::vector<std::string> describe(const std::vector<guardrails::Trip>& trips) {
    std::vector<std::string> lines;
    for (const guardrails::Trip& trip : trips) {
        lines.push_back(fmt::format("{} {} {} {} {}", trip.guardrail, trip.category,
                                    guardrails::to_string(trip.direction), guardrails::to_string(trip.action),
                                    trip.count));
    }
    return lines;
}

namespace {

void collect_openai(const nlohmann::json& data, std::map<std::string, std::string>& texts) {
    for (const auto& choice : data.value("choices", nlohmann::json::array())) {
        const std::string prefix = std::to_string(choice.value("index", 0)) + ".";
        const nlohmann::json delta = choice.value("delta", nlohmann::json::object());
        for (const auto& [name, value] : delta.items()) {
            if (value.is_string() && name != "role")
                texts[prefix + name] += value.get<std::string>();
            if (name != "tool_calls")
                continue;
            for (const auto& call : value) {
                texts[prefix + "tool" + std::to_string(call.value("index", 0))] +=
                    call.value("function", nlohmann::json::object()).value("arguments", "");
            }
        }
    }
}

void collect_anthropic(const nlohmann::json& data, std::map<std::string, std::string>& texts) {
    const std::string prefix = std::to_string(data.value("index", 0)) + ".";
    for (const char* member : {"content_block", "delta"}) {
        const nlohmann::json block = data.value(member, nlohmann::json::object());
        for (const char* name : {"text", "thinking", "partial_json"}) {
            if (block.contains(name))
                texts[prefix + name] += block[name].get<std::string>();
        }
    }
}

}  // namespace

std::map<std::string, std::string> delivered(Format format, std::string_view events) {
    std::map<std::string, std::string> texts;
    dialect::SseParser parser;
    parser.feed(events);
    for (;;) {
        const auto event = parser.next();
        if (!event || !*event)
            break;
        const dialect::SseEvent& read = **event;
        if (!read.has_data || read.data == "[DONE]")
            continue;
        const nlohmann::json data = nlohmann::json::parse(read.data);
        format == Format::openai ? collect_openai(data, texts) : collect_anthropic(data, texts);
    }
    std::erase_if(texts, [](const auto& text) { return text.second.empty(); });
    return texts;
}

std::u16string to_units(std::string_view text) {
    std::u16string units;
    for (std::size_t at = 0; at < text.size();) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
        const std::size_t size = byte(0) < 0x80 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
        std::uint32_t point = size == 1 ? byte(0) : byte(0) & (0xffU >> (size + 1));
        for (std::size_t i = 1; i < size; ++i) point = (point << 6U) | (byte(i) & 0x3fU);
        at += size;
        if (point < 0x10000) {
            units += static_cast<char16_t>(point);
        } else {
            units += static_cast<char16_t>(0xd800U + ((point - 0x10000U) >> 10U));
            units += static_cast<char16_t>(0xdc00U + ((point - 0x10000U) & 0x3ffU));
        }
    }
    return units;
}

std::string to_json_inside(std::u16string_view units, bool escape_all) {
    std::string inside;
    for (const char16_t unit : units) {
        if (unit == '"' || unit == '\\') {
            inside += '\\';
            inside += static_cast<char>(unit);
        } else if (unit < 0x20 || unit >= 0x80 || escape_all) {
            inside += fmt::format("\\u{:04x}", static_cast<unsigned>(unit));
        } else {
            inside += static_cast<char>(unit);
        }
    }
    return inside;
}

std::string event_of(Format format, std::string_view data) {
    if (format == Format::openai)
        return fmt::format("data: {}\n\n", data);
    return fmt::format("event: {}\ndata: {}\n\n", nlohmann::json::parse(data).value("type", ""), data);
}

std::string chunk_event(std::string_view delta, int choice) {
    return fmt::format(
        "data: {{\"id\":\"c\",\"choices\":[{{\"index\":{},\"delta\":{},\"finish_reason\":null}}]}}\n\n", choice,
        delta);
}

std::string text_event(Format format, std::string_view inside) {
    if (format == Format::openai)
        return chunk_event(fmt::format(R"({{"content":"{}"}})", inside));
    return fmt::format(
        "event: content_block_delta\ndata: "
        R"({{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{}"}}}})"
        "\n\n",
        inside);
}

std::string stream_begin(Format format) {
    if (format == Format::openai)
        return chunk_event(R"({"role":"assistant","content":""})");
    return event_of(
               format,
               R"({"type":"message_start","message":{"id":"m","model":"x","content":[],"usage":{"input_tokens":1,"output_tokens":1}}})") +
           event_of(format,
                    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})");
}

std::string stream_end(Format format) {
    if (format == Format::openai) {
        return event_of(format, R"({"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})") +
               "data: [DONE]\n\n";
    }
    return event_of(format, R"({"type":"content_block_stop","index":0})") +
           event_of(
               format,
               R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}})") +
           event_of(format, R"({"type":"message_stop"})");
}

}  // namespace tidegate::calls::test
