#include "guardrails/match_width.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace tidegate::guardrails {
namespace {

constexpr std::size_t kLongestCharacter = 4;
constexpr std::size_t kUnbounded = MatchWidth::kUnbounded;

std::size_t sum(std::size_t a, std::size_t b) {
    return a > kUnbounded - b ? kUnbounded : a + b;
}

std::size_t product(std::size_t a, std::size_t b) {
    if (a == 0 || b == 0)
        return 0;
    return a > kUnbounded / b ? kUnbounded : a * b;
}

std::size_t encoded_length(std::uint32_t character) {
    if (character < 0x80)
        return 1;
    if (character < 0x800)
        return 2;
    return character < 0x10000 ? 3 : 4;
}

bool is_ascii_letter(std::uint32_t c) {
    return (c | 0x20U) >= 'a' && (c | 0x20U) <= 'z';
}

class WidthReader {
  public:
    explicit WidthReader(std::string_view pattern) : rest_(pattern) {}

    std::optional<MatchWidth> read() {
        const MatchWidth width = alternatives();
        if (failed_ || !rest_.empty())
            return std::nullopt;
        return width;
    }

  private:
    bool at(std::string_view prefix) const { return rest_.starts_with(prefix); }
    bool take(std::string_view prefix) {
        if (!at(prefix))
            return false;
        rest_.remove_prefix(prefix.size());
        return true;
    }
    MatchWidth fail() {
        failed_ = true;
        rest_ = {};
        return {};
    }

    MatchWidth alternatives() {
        MatchWidth all = sequence();
        while (take("|")) {
            const MatchWidth other = sequence();
            all.least = std::min(all.least, other.least);
            all.most = std::max(all.most, other.most);
        }
        return all;
    }

    MatchWidth sequence() {
        MatchWidth all;
        while (!rest_.empty() && !at("|") && !at(")")) {
            const MatchWidth one = repeated(atom());
            all.least = sum(all.least, one.least);
            all.most = sum(all.most, one.most);
        }
        return all;
    }

    MatchWidth repeated(MatchWidth one) {
        if (take("*"))
            one = {0, product(one.most, kUnbounded)};
        else if (take("+"))
            one = {one.least, product(one.most, kUnbounded)};
        else if (take("?"))
            one = {0, one.most};
        else if (const auto times = counted())
            one = {product(one.least, times->least), product(one.most, times->most)};
        else
            return one;
        take("?");
        return one;
    }

    // `{2}`, `{2,}`, `{2,5}`; anything else that begins with a brace is literal.
    std::optional<MatchWidth> counted() {
        std::string_view rest = rest_;
        if (!rest.starts_with('{'))
            return std::nullopt;
        rest.remove_prefix(1);
        const auto number = [&rest]() -> std::optional<std::size_t> {
            std::size_t value = 0;
            const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
            if (error != std::errc{} || end == rest.data())
                return std::nullopt;
            rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
            return value;
        };
        const auto least = number();
        if (!least)
            return std::nullopt;
        std::size_t most = *least;
        if (rest.starts_with(',')) {
            rest.remove_prefix(1);
            most = number().value_or(kUnbounded);
        }
        if (!rest.starts_with('}'))
            return std::nullopt;
        rest_ = rest.substr(1);
        return MatchWidth{*least, most};
    }

    MatchWidth atom() {
        if (take("("))
            return group();
        if (take("["))
            return characters();
        if (take("\\"))
            return escape();
        if (take("."))
            return {1, kLongestCharacter};
        if (take("^") || take("$"))
            return {};
        if (at("*") || at("+") || at("?"))
            return fail();
        return one(literal());
    }

    MatchWidth group() {
        const bool fold_outside = fold_;
        if (take("?P<")) {
            const std::size_t end = rest_.find('>');
            if (end == std::string_view::npos)
                return fail();
            rest_.remove_prefix(end + 1);
        } else if (take("?")) {
            if (!flags())
                return fail();
            // `(?i)` holds to the end of the group around it.
            if (take(")"))
                return {};
            if (!take(":"))
                return fail();
        }
        const MatchWidth inside = alternatives();
        fold_ = fold_outside;
        return take(")") ? inside : fail();
    }

    bool flags() {
        bool on = true;
        for (; !rest_.empty() && !at(")") && !at(":"); rest_.remove_prefix(1)) {
            const char flag = rest_[0];
            if (flag == '-')
                on = false;
            else if (flag == 'i')
                fold_ = on;
            else if (flag != 'm' && flag != 's' && flag != 'U')
                return false;
        }
        return true;
    }

    // What stands behind a backslash, outside of brackets.
    MatchWidth escape() {
        if (take("Q"))
            return quoted();
        if (take("A") || take("z") || take("b") || take("B"))
            return {};
        if (take("C"))
            return {1, 1};
        if (const auto width = class_escape())
            return {1, *width};
        return one(escaped());
    }

    MatchWidth quoted() {
        MatchWidth all;
        while (!rest_.empty() && !take("\\E")) {
            const MatchWidth next = one(literal());
            all.least += next.least;
            all.most += next.most;
        }
        return all;
    }

    // `\d`, `\p{Greek}`: the most bytes of such a character.
    std::optional<std::size_t> class_escape() {
        if (take("d") || take("s") || take("w"))
            return fold_ ? 3 : 1;
        if (take("D") || take("S") || take("W"))
            return kLongestCharacter;
        if (!take("p") && !take("P"))
            return std::nullopt;
        if (take("{")) {
            const std::size_t end = rest_.find('}');
            rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        } else if (!rest_.empty()) {
            rest_.remove_prefix(1);
        }
        return kLongestCharacter;
    }

    // The character that an escape stands for; the backslash is taken.
    std::uint32_t escaped() {
        if (take("x"))
            return hexadecimal();
        if (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '7')
            return octal();
        if (take("a") || take("f") || take("n") || take("r") || take("t") || take("v"))
            return '\n';
        return literal();
    }

    std::uint32_t hexadecimal() {
        const bool braces = take("{");
        const std::string_view digits = rest_.substr(0, braces ? rest_.find('}') : 2);
        std::uint32_t value = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        rest_.remove_prefix(digits.size());
        if (braces)
            take("}");
        return value;
    }

    std::uint32_t octal() {
        std::uint32_t value = 0;
        for (int digits = 0; digits < 3 && !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '7'; ++digits) {
            value = value * 8 + static_cast<std::uint32_t>(rest_[0] - '0');
            rest_.remove_prefix(1);
        }
        return value;
    }

    // One character of UTF-8.
    std::uint32_t literal() {
        if (rest_.empty()) {
            fail();
            return 0;
        }
        const auto lead = static_cast<unsigned char>(rest_[0]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        std::uint32_t value = length == 1 ? lead : lead & (0x7FU >> length);
        for (const char c : rest_.substr(1, length - 1))
            value = value << 6U | (static_cast<unsigned char>(c) & 0x3FU);
        rest_.remove_prefix(std::min(length, rest_.size()));
        return value;
    }

    // In any case the letters k and s also stand for the Kelvin sign and the long s, of three and two bytes.
    std::size_t longest_of(std::uint32_t character) const {
        if (!fold_ || (character < 0x80 && !is_ascii_letter(character)))
            return encoded_length(character);
        if (character >= 0x80)
            return kLongestCharacter;
        const std::uint32_t lower = character | 0x20U;
        return lower == 'k' ? 3 : lower == 's' ? 2 : 1;
    }

    MatchWidth one(std::uint32_t character) const {
        return {fold_ ? 1 : encoded_length(character), longest_of(character)};
    }

    // Behind `[`. Letters may be anywhere within a range, so any case counts as the longest of them.
    MatchWidth characters() {
        std::size_t most = take("^") ? kLongestCharacter : 1;
        bool first = true;
        for (; !rest_.empty() && (first || !at("]")); first = false) {
            if (at("[:")) {
                const std::size_t end = rest_.find(":]");
                if (end != std::string_view::npos) {
                    most = std::max<std::size_t>(most, rest_.starts_with("[:^") ? kLongestCharacter
                                                       : fold_                  ? 3
                                                                                : 1);
                    rest_.remove_prefix(end + 2);
                    continue;
                }
            }
            const bool escapes = take("\\");
            if (escapes) {
                if (const auto width = class_escape()) {
                    most = std::max(most, *width);
                    continue;
                }
            }
            const std::uint32_t low = escapes ? escaped() : literal();
            std::uint32_t high = low;
            if (at("-") && !at("-]")) {
                take("-");
                high = take("\\") ? escaped() : literal();
            }
            most = std::max(
                most, fold_ ? (high < 0x80 ? 3 : kLongestCharacter) : encoded_length(std::max(low, high)));
        }
        return take("]") ? MatchWidth{1, most} : fail();
    }

    std::string_view rest_;
    bool fold_ = false;
    bool failed_ = false;
};

}  // namespace

std::optional<MatchWidth> match_width(std::string_view pattern) {
    return WidthReader(pattern).read();
}

}  // namespace tidegate::guardrails
