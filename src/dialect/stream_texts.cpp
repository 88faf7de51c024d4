#include "event_json.h"
#include "half_characters.h"
#include "json_walk.h"
#include "openai/words.h"
#include "stream_parts.h"
#include "text_walk.h"

#include <tidegate/dialect/stream_texts.h>

#include <deque>
#include <optional>
#include <vector>

namespace tidegate::dialect {
namespace {

namespace dom = simdjson::dom;
using detail::JsonItem;
using detail::TextPath;

// A text or thinking block begins without content; any other block is content.
bool is_prose(std::string_view type) {
    return type.empty() || type == "text" || type == "thinking" || type == "text_delta" ||
           type == "thinking_delta";
}

}  // namespace

class StreamTexts::Impl final : public detail::TextVisitor {
  public:
    explicit Impl(Format format) : x_openai(format == Format::openai), x_walk(x_tokens, *this) {}

    Result<void> read(const SseEvent& event) {
        texts.clear();
        ends.clear();
        logprobs.clear();
        content = false;
        x_cut.clear();
        if (!event.has_data || event.data.empty())
            return {};
        if (x_openai && event.data.starts_with("[DONE]")) {
            ends.push_back({.every_choice = true});
            return {};
        }
        if (!parse(event.data))
            return detail::malformed("an event of the stream is no JSON object");
        x_tokens = x_json.tokens();
        Result<void> result = x_openai ? read_chunk() : read_message_event();
        if (!result)
            texts.clear();
        return result;
    }

    void text(const TextPath& path, const dom::element& value, const JsonItem& at) override {
        StreamText piece;
        piece.block = {x_choice, path.kind, path.part, path.hash};
        piece.begin = at.value.begin;
        piece.end = at.value.end;
        if (value.get(piece.text) != simdjson::SUCCESS) {
            piece.text = x_tokens.text(at.value);
        } else if (x_halves) {
            detail::CutText cut =
                detail::read_cut_text(x_data.substr(at.value.begin + 1, at.value.end - at.value.begin - 2));
            piece.low_half = cut.low;
            piece.high_half = cut.high;
            piece.text = x_cut.emplace_back(std::move(cut.text));
        }
        if (piece.text.empty() && piece.low_half == 0 && piece.high_half == 0)
            return;
        content = true;
        texts.push_back(piece);
    }

    std::vector<StreamText> texts;
    std::vector<BlockEnd> ends;
    std::vector<TextEdit> logprobs;
    bool content = false;

  private:
    // A character that is cut in two makes both events invalid: they are read with something in its place.
    bool parse(std::string_view data) {
        x_data = data;
        x_halves = false;
        if (x_json.parse(data))
            return true;
        std::string patched(data);
        x_halves = detail::replace_halves(patched);
        return x_halves && x_json.parse(patched);
    }

    Result<void> read_chunk() {
        Result<void> result = detail::refuse_doubt(x_json.root(), {"choices"});
        if (!result)
            return result;
        return detail::each_member(x_tokens, x_json.root(), 0,
                                   [&](std::string_view name, const dom::element& value, const JsonItem& at) {
                                       dom::array choices;
                                       if (name != "choices" || value.get(choices) != simdjson::SUCCESS)
                                           return Result<void>();
                                       return read_choices(choices, at);
                                   });
    }

    Result<void> read_choices(const dom::array& choices, const JsonItem& at) {
        return detail::each_element(x_tokens, choices, at.token,
                                    [&](const dom::element& element, const JsonItem& item) {
                                        dom::object choice;
                                        if (element.get(choice) == simdjson::SUCCESS)
                                            return read_choice(choice, item);
                                        return Result<void>(detail::malformed("a choice is no object"));
                                    });
    }

    Result<void> read_choice(const dom::object& choice, const JsonItem& at) {
        Result<void> result = detail::refuse_doubt(choice, {"index", "delta", "message", "text", "logprobs"});
        if (!result)
            return result;
        dom::element index;
        const bool has_index = choice["index"].get(index) == simdjson::SUCCESS && !index.is_null();
        x_choice = 0;
        if (has_index && index.get(x_choice) != simdjson::SUCCESS)
            return detail::malformed("the index of a choice is no integer");
        result =
            detail::each_member(x_tokens, choice, at.token,
                                [&](std::string_view name, const dom::element& value, const JsonItem& item) {
                                    return read_choice_member(name, value, item);
                                });
        std::string_view finish;
        if (choice["finish_reason"].get(finish) == simdjson::SUCCESS)
            ends.push_back({.choice = x_choice});
        return result;
    }

    Result<void> read_choice_member(std::string_view name, const dom::element& value, const JsonItem& at) {
        if (name == "logprobs" && !value.is_null())
            logprobs.push_back({at.value.begin, at.value.end, "null"});
        if (name != "delta" && name != "message" && name != "text")
            return {};
        dom::object delta;
        if (value.get(delta) == simdjson::SUCCESS)
            content = content || openai::has_content(delta);
        return x_walk.member({}, value, at, TextPath().child(name));
    }

    Result<void> read_message_event() {
        const dom::object& root = x_json.root();
        Result<void> result =
            detail::refuse_doubt(root, {"type", "index", "delta", "content_block", "message"});
        if (!result)
            return result;
        x_choice = 0;
        const std::optional<std::int64_t> index = detail::index_of(root);
        const std::string_view type = detail::string_at(root, "type");
        if (type == "content_block_stop")
            ends.push_back({.every_part = false, .part = index.value_or(0)});
        if (type == "message_stop")
            ends.push_back({.every_choice = true});
        return detail::each_member(x_tokens, root, 0,
                                   [&](std::string_view name, const dom::element& value, const JsonItem& at) {
                                       if (name == "delta" || name == "content_block")
                                           return read_block(value, at, index);
                                       return name == "message" ? read_message(value, at) : Result<void>();
                                   });
    }

    // A block's start and its deltas name their texts alike: both are pieces of one.
    Result<void> read_block(const dom::element& value, const JsonItem& at, std::optional<std::int64_t> part) {
        dom::object block;
        if (value.get(block) == simdjson::SUCCESS && !is_prose(detail::string_at(block, "type")))
            content = true;
        const std::size_t before = texts.size();
        Result<void> result = x_walk.member({}, value, at, {.part = part.value_or(0)});
        if (result && !part && texts.size() > before)
            return detail::malformed("a text belongs to no content block");
        return result;
    }

    Result<void> read_message(const dom::element& value, const JsonItem& at) {
        dom::object message;
        if (value.get(message) != simdjson::SUCCESS)
            return {};
        Result<void> result = detail::refuse_doubt(message, {"content"});
        if (!result)
            return result;
        return detail::each_member(
            x_tokens, message, at.token,
            [&](std::string_view name, const dom::element& member, const JsonItem& item) {
                dom::array blocks;
                if (name != "content")
                    return Result<void>();
                if (member.get(blocks) != simdjson::SUCCESS)
                    return x_walk.member({}, member, item, {});
                return read_blocks(blocks, item);
            });
    }

    Result<void> read_blocks(const dom::array& blocks, const JsonItem& at) {
        std::int64_t part = 0;
        return detail::each_element(
            x_tokens, blocks, at.token,
            [&](const dom::element& block, const JsonItem& item) { return read_block(block, item, part++); });
    }

    bool x_openai;
    detail::EventJson x_json;
    detail::JsonTokens x_tokens;
    detail::TextWalk x_walk;
    std::string_view x_data;
    bool x_halves = false;          // the data was patched: strings are read from its bytes
    std::deque<std::string> x_cut;  // what was read so
    std::int64_t x_choice = 0;
};

void append_halves(std::string& out, std::uint16_t high, std::uint16_t low) {
    if (high != 0 && low != 0) {
        detail::append_pair(out, high, low);
    } else {
        detail::append_character(out, high != 0 ? high : low);
    }
}

StreamTexts::StreamTexts(Format format) : x_impl(std::make_unique<Impl>(format)) {}
StreamTexts::~StreamTexts() = default;
StreamTexts::StreamTexts(StreamTexts&&) noexcept = default;
StreamTexts& StreamTexts::operator=(StreamTexts&&) noexcept = default;

Result<void> StreamTexts::read(const SseEvent& event) {
    return x_impl->read(event);
}
std::span<const StreamText> StreamTexts::texts() const {
    return x_impl->texts;
}
std::span<const BlockEnd> StreamTexts::ends() const {
    return x_impl->ends;
}
std::span<const TextEdit> StreamTexts::without_logprobs() const {
    return x_impl->logprobs;
}
bool StreamTexts::content() const {
    return x_impl->content;
}

}  // namespace tidegate::dialect
