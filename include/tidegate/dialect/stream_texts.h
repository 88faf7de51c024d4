// The texts in the events of a stream: which block they belong to, what they say, and how to replace them.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/dialect/format.h>
#include <tidegate/dialect/sse.h>
#include <tidegate/dialect/texts.h>

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::dialect {

// Texts of one block are pieces of one text to the client.
struct BlockKey {
    std::int64_t choice = 0;
    TextKind kind = TextKind::text;
    std::int64_t part = 0;   // the tool call, or Anthropic's content block
    std::uint64_t path = 0;  // the members that lead to it, hashed

    auto operator<=>(const BlockKey&) const = default;
};

// A piece of a block. A character may be cut in two between pieces, as the halves of a surrogate pair.
struct StreamText {
    BlockKey block = {};
    std::string_view text = {};   // decoded, without the halves below; never empty beside them
    std::uint16_t low_half = 0;   // the second half of a character, in front of the text
    std::uint16_t high_half = 0;  // the first half of a character, behind the text
    std::size_t begin = 0;        // of its JSON value in the event's data
    std::size_t end = 0;
};

// Appends the character that two halves make; U+FFFD if one of them is 0.
void append_halves(std::string& out, std::uint16_t high, std::uint16_t low);

// What an event ends: of a choice, the blocks of one part or all.
struct BlockEnd {
    bool every_choice = false;
    std::int64_t choice = 0;
    bool every_part = true;
    std::int64_t part = 0;
};

// Reads events one by one, by what stands in them and not by their names. Not for several threads at once.
class StreamTexts {
  public:
    explicit StreamTexts(Format format);
    ~StreamTexts();
    StreamTexts(StreamTexts&&) noexcept;
    StreamTexts& operator=(StreamTexts&&) noexcept;

    // Everything below is of this event, and valid until the next one and as long as its bytes. malformed: its
    // data is no JSON object, or has a member twice, so that two readers may see two texts.
    Result<void> read(const SseEvent& event);

    std::span<const StreamText> texts() const;
    std::span<const BlockEnd> ends() const;
    // Where log-probabilities stand that are not null: they hold the text once more.
    std::span<const TextEdit> without_logprobs() const;
    // A client sees something of it: StreamFacts::content.
    bool content() const;

  private:
    class Impl;
    std::unique_ptr<Impl> x_impl;
};

// Appends `event` with `data` instead of its own; whatever else stands in it remains where its own data was one
// line.
void write_event(const SseEvent& event, std::string_view data, std::string& out);

}  // namespace tidegate::dialect
