#include "answer_parts.h"
#include "event_json.h"
#include "stream_parts.h"

#include <tidegate/dialect/decode.h>

namespace tidegate::dialect {
namespace {

// A writer that only keeps the words and the tools.
class AnswerCollector final : public detail::StreamWriter {
  public:
    void start(const StreamFacts& /*facts*/) override {}
    void text(std::string_view text) override { x_answer.text += text; }
    void reasoning(std::string_view /*text*/) override {}
    void refusal(std::string_view text) override { x_answer.text += text; }
    void tool_start(std::size_t /*tool*/, std::string_view /*id*/, std::string_view name) override {
        x_answer.tools.push_back({std::string(name), {}});
    }
    void tool_arguments(std::size_t tool, std::string_view json) override {
        if (tool < x_answer.tools.size())
            x_answer.tools[tool].arguments += json;
    }
    void ping() override {}
    void finish(const StreamFacts& /*facts*/) override {}

    DecodedAnswer take() { return std::move(x_answer); }

  private:
    DecodedAnswer x_answer;
};

DecodedAnswer decode_stream(Format format, std::string_view raw) {
    const auto reader =
        format == Format::openai ? detail::make_openai_reader({}) : detail::make_anthropic_reader();
    AnswerCollector collector;
    StreamFacts facts;
    SseParser parser(std::max(SseParser::kDefaultMaxEvent, raw.size()));
    parser.feed(raw);
    for (;;) {
        const Result<std::optional<SseEvent>> next = parser.next();
        if (!next)
            break;
        const std::optional<SseEvent>& event = *next;
        if (!event || !reader->read(*event, facts, &collector))
            break;
    }
    return collector.take();
}

// The string that begins behind the first `"member":` from `from` on, as far as `raw` goes.
std::string cut_string(std::string_view raw, std::string_view member) {
    std::size_t at = raw.find(member);
    if (at == std::string_view::npos)
        return {};
    at = raw.find_first_not_of(" \t\r\n", at + member.size());
    if (at == std::string_view::npos || raw[at] != '"')
        return {};
    std::string_view text = raw.substr(at + 1);
    std::size_t good = 0;  // the end of the last whole character or escape
    while (good < text.size() && text[good] != '"') {
        std::size_t size = 1;
        if (text[good] == '\\')
            size = good + 1 < text.size() && text[good + 1] == 'u' ? 6 : 2;
        if (good + size > text.size())
            break;
        good += size;
    }
    // Take back what a cut left unreadable: half a character, half a pair of surrogates.
    for (std::size_t size = good; size + 12 > good; --size) {
        const std::string document = "[\"" + std::string(text.substr(0, size)) + "\"]";
        simdjson::dom::parser parser;
        std::string_view whole;
        if (parser.parse(document).at(0).get(whole) == simdjson::SUCCESS)
            return std::string(whole);
        if (size == 0)
            break;
    }
    return {};
}

DecodedAnswer decode_body(Format format, std::string_view raw) {
    simdjson::dom::parser parser;
    simdjson::dom::object answer;
    if (parser.parse(raw.data(), raw.size(), true).get(answer) == simdjson::SUCCESS) {
        const Result<detail::ChatAnswer> chat = format == Format::openai
                                                    ? detail::decode_openai_answer(answer)
                                                    : detail::decode_anthropic_answer(answer);
        DecodedAnswer decoded;
        if (!chat)
            return decoded;
        decoded.text = chat->text + chat->refusal;
        for (const detail::ToolCall& call : chat->tools)
            decoded.tools.push_back({std::string(call.name), call.arguments});
        return decoded;
    }
    return {cut_string(raw, format == Format::openai ? R"("content":)" : R"("text":)"), {}};
}

}  // namespace

std::string answer_text(Format format, bool stream, std::string_view raw) {
    return decode_answer(format, stream, raw).text;
}

DecodedAnswer decode_answer(Format format, bool stream, std::string_view raw) {
    return stream ? decode_stream(format, raw) : decode_body(format, raw);
}

}  // namespace tidegate::dialect
