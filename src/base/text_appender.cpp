#include <tidegate/base/text_appender.h>

#include <algorithm>
#include <array>
#include <bit>

namespace tidegate {
namespace {

// The length of the well-formed UTF-8 character at `at` (Unicode 15, table 3-7), 0 if there is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) -> std::uint8_t {
        return at + i < text.size() ? static_cast<std::uint8_t>(text[at + i]) : 0;
    };
    const auto between = [](std::uint8_t value, std::uint8_t low, std::uint8_t high) {
        return value >= low && value <= high;
    };
    const std::uint8_t first = byte(0);
    if (first < 0x80)
        return 1;
    if (between(first, 0xc2, 0xdf))
        return between(byte(1), 0x80, 0xbf) ? 2 : 0;
    if (between(first, 0xe0, 0xef)) {
        const std::uint8_t low = first == 0xe0 ? 0xa0 : 0x80;
        const std::uint8_t high = first == 0xed ? 0x9f : 0xbf;
        return between(byte(1), low, high) && between(byte(2), 0x80, 0xbf) ? 3 : 0;
    }
    if (between(first, 0xf0, 0xf4)) {
        const std::uint8_t low = first == 0xf0 ? 0x90 : 0x80;
        const std::uint8_t high = first == 0xf4 ? 0x8f : 0xbf;
        return between(byte(1), low, high) && between(byte(2), 0x80, 0xbf) && between(byte(3), 0x80, 0xbf) ? 4
                                                                                                           : 0;
    }
    return 0;
}

// What stands for a byte below 0x80 that must be escaped; 0 where none must.
constexpr std::array<char, 128> kEscapes = [] {
    std::array<char, 128> escapes{};
    for (std::size_t c = 0; c < 0x20; ++c) escapes[c] = 'u';
    escapes['\n'] = 'n';
    escapes['\r'] = 'r';
    escapes['\t'] = 't';
    escapes['"'] = '"';
    escapes['\\'] = '\\';
    return escapes;
}();

constexpr std::size_t kLongestEscape = 6;

char* write_escaped(char* to, char c) {
    static constexpr char kHex[] = "0123456789abcdef";
    const char escape = kEscapes[static_cast<std::size_t>(c)];
    *to++ = '\\';
    *to++ = escape;
    if (escape != 'u')
        return to;
    *to++ = '0';
    *to++ = '0';
    *to++ = kHex[(c >> 4) & 0x0f];
    *to++ = kHex[c & 0x0f];
    return to;
}

using Word = std::uint64_t;
constexpr Word kEachByte = 0x0101010101010101;

// How many of the first bytes of a word (the low ones) may stand in a JSON string as they are; the others begin
// with a control character, a quote, a backslash or a byte outside ASCII. Subtracting sets the high bit of a
// byte that was less ("Determine if a word has a byte less than n", Bit Twiddling Hacks), and a borrow reaches
// only bytes behind one.
std::size_t plain_bytes(Word word) {
    const Word control = word - kEachByte * 0x20;
    const Word quote = (word ^ (kEachByte * '"')) - kEachByte;
    const Word backslash = (word ^ (kEachByte * '\\')) - kEachByte;
    const Word special = (control | quote | backslash | word) & (kEachByte * 0x80);
    return static_cast<std::size_t>(std::countr_zero(special)) / 8;
}
static_assert(std::endian::native == std::endian::little);

// Takes what can be written as it stands, up to a word, and one character that cannot. Writes up to a word and
// an escape.
char* write_some(char* to, std::string_view& text) {
    Word word = kEachByte * ' ';
    const std::size_t here = std::min(sizeof(Word), text.size());
    if (here == sizeof(Word)) {
        std::memcpy(&word, text.data(), sizeof(Word));
    } else {
        std::memcpy(&word, text.data(), here);
    }
    const std::size_t plain = std::min(plain_bytes(word), here);
    std::memcpy(to, &word, sizeof(Word));
    to += plain;
    text.remove_prefix(plain);
    if (plain == here)
        return to;
    const std::size_t length = utf8_length(text, 0);
    if (length == 1) {
        to = write_escaped(to, text.front());
    } else {
        const std::string_view character = length > 0 ? text.substr(0, length) : "\xef\xbf\xbd";
        to = std::copy(character.begin(), character.end(), to);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
    return to;
}

}  // namespace

// In proportion to what was appended, not to what was there before: new bytes cost, they are zeroed.
void TextAppender::grow(std::size_t size) {
    constexpr std::size_t kLeast = 64;
    text_.resize(size_ + size + std::max(kLeast, size_ - begin_));
}

void TextAppender::add_json_string(std::string_view text) {
    // Room is made for so many bytes of text at once, whatever they become.
    constexpr std::size_t kPart = 1024;
    add('"');
    while (!text.empty()) {
        const std::size_t part = std::min(kPart, text.size());
        char* to = room(part * kLongestEscape + sizeof(Word) + kLongestEscape);
        const std::size_t left = text.size() - part;
        while (text.size() > left) to = write_some(to, text);
        size_ = static_cast<std::size_t>(to - text_.data());
    }
    add('"');
}

}  // namespace tidegate
