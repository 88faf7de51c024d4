// "TGA", the form's number, then little-endian: held_for in ms (8 bytes), 1 for a stream (1 byte), the number
// of trips (4 bytes), the texts, each behind its size (4 bytes), and for each trip 1 for the input (1 byte) and
// two texts.
#include "cache/entry_codec.h"

#include <cstdint>

namespace tidegate::cache {
namespace {

constexpr std::string_view kMagic = "TGA1";

void append_number(std::string& out, std::uint64_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xffU);
}

class ByteReader {
  public:
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

    bool good() const { return good_; }
    bool at_end() const { return rest_.empty(); }

    std::string_view bytes(std::size_t count) {
        if (count > rest_.size()) {
            good_ = false;
            return {};
        }
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }

    std::uint64_t number(int size) {
        std::uint64_t number = 0;
        int shift = 0;
        for (const char byte : bytes(static_cast<std::size_t>(size))) {
            number |= static_cast<std::uint64_t>(static_cast<unsigned char>(byte)) << shift;
            shift += 8;
        }
        return number;
    }

    // Of parts that take at least so many bytes each.
    std::size_t count(std::size_t least) {
        const std::uint64_t wanted = number(4);
        good_ = good_ && wanted <= rest_.size() / least;
        return good_ ? static_cast<std::size_t>(wanted) : 0;
    }

    std::string text() { return std::string(bytes(number(4))); }

  private:
    std::string_view rest_;
    bool good_ = true;
};

void append_text(std::string& out, const std::string& text) {
    append_number(out, text.size(), 4);
    out += text;
}

constexpr std::size_t kLeastTrip = 9;

// Calls `text` for each text, in the order in which they are written.
template <class AnEntry, class Text>
void for_each_text(AnEntry& entry, Text&& text) {
    text(entry.origin.call_id);
    text(entry.origin.variant);
    text(entry.origin.fallback_entry);
    text(entry.origin.fallback_reason);
    text(entry.model);
    text(entry.finish);
    text(entry.body);
}

}  // namespace

std::string encode(const Entry& entry, std::chrono::milliseconds held_for) {
    std::string out(kMagic);
    out.reserve(memory_of(entry) + 64);
    append_number(out, static_cast<std::uint64_t>(held_for.count()), 8);
    append_number(out, entry.stream ? 1 : 0, 1);
    append_number(out, entry.origin.tripped.size(), 4);
    for_each_text(entry, [&](const std::string& text) { append_text(out, text); });
    for (const Tripped& tripped : entry.origin.tripped) {
        append_number(out, tripped.input ? 1 : 0, 1);
        append_text(out, tripped.guardrail);
        append_text(out, tripped.category);
    }
    return out;
}

DecodedEntry decode(std::string_view bytes) {
    ByteReader reader(bytes);
    if (reader.bytes(kMagic.size()) != kMagic)
        return {};
    DecodedEntry decoded;
    decoded.held_for = std::chrono::milliseconds{static_cast<std::int64_t>(reader.number(8))};
    auto entry = std::make_shared<Entry>();
    entry->stream = reader.number(1) == 1;
    entry->origin.tripped.resize(reader.count(kLeastTrip));
    for_each_text(*entry, [&](std::string& text) { text = reader.text(); });
    for (Tripped& tripped : entry->origin.tripped) {
        tripped.input = reader.number(1) == 1;
        tripped.guardrail = reader.text();
        tripped.category = reader.text();
    }
    if (reader.good() && reader.at_end())
        decoded.entry = std::move(entry);
    return decoded;
}

}  // namespace tidegate::cache
