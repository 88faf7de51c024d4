#include "guardrails/tokens.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tidegate::guardrails {
namespace {

constexpr auto kWord = [] {
    std::array<bool, 256> word{};
    for (unsigned c = 0; c < 0x80; ++c) word[c] = is_letter_or_digit(static_cast<char>(c)) || c == '_';
    return word;
}();

bool is_word(char c) {
    return kWord[static_cast<unsigned char>(c)];
}

bool joins_digits(char c) {
    return c == '.' || c == '-';
}

// Whether the byte at `at` is the letter of an escape that is written as two characters, such as `\n`.
bool is_escape(std::string_view text, std::size_t at) {
    return at > 0 && text[at - 1] == '\\' && (text[at] == 'n' || text[at] == 't' || text[at] == 'r');
}

// The last byte of the word at `at`, or of its part before an escape ends: within it no token begins.
std::size_t end_of_word(std::string_view text, std::size_t at) {
    while (at + 1 < text.size() && is_word(text[at]) && is_word(text[at + 1]) && !is_escape(text, at)) ++at;
    return at;
}

class TokenFinder final : public Finder {
  public:
    explicit TokenFinder(std::vector<Recogniser> recognisers) : recognisers_(std::move(recognisers)) {
        for (std::size_t i = 0; i < recognisers_.size(); ++i) {
            longest_ = std::max(longest_, recognisers_[i].longest + 2 * kTokenContext);
            for (const char c : recognisers_[i].first)
                candidates_[static_cast<unsigned char>(c)] |= std::uint64_t{1} << i;
        }
    }

    std::optional<Match> next(std::string_view text, std::size_t from, std::size_t until) const override {
        for (std::size_t at = from; at < until; at = end_of_word(text, at) + 1) {
            const std::uint64_t candidates = candidates_[static_cast<unsigned char>(text[at])];
            if (candidates == 0 || !token_starts(text, at))
                continue;
            if (const auto match = longest_at(text, at, candidates))
                return match;
        }
        return std::nullopt;
    }

    std::optional<std::size_t> longest_match() const override { return longest_; }

  private:
    std::optional<Match> longest_at(std::string_view text, std::size_t at, std::uint64_t candidates) const {
        std::optional<Match> longest;
        for (std::size_t i = 0; i < recognisers_.size(); ++i) {
            if ((candidates >> i & 1U) == 0)
                continue;
            const std::size_t length = recognisers_[i].length_at(text, at);
            if (length > 0 && (!longest || at + length > longest->end))
                longest = Match{at, at + length, recognisers_[i].category};
        }
        return longest;
    }

    std::vector<Recogniser> recognisers_;
    std::array<std::uint64_t, 256> candidates_{};  // by first byte: a bit for each recogniser
    std::size_t longest_ = 0;
};

}  // namespace

bool token_starts(std::string_view text, std::size_t at) {
    return at == 0 || !is_word(text[at - 1]) || is_escape(text, at - 1);
}

bool token_ends(std::string_view text, std::size_t end) {
    return end >= text.size() || !is_word(text[end]);
}

bool number_starts(std::string_view text, std::size_t at) {
    return token_starts(text, at) && !(at >= 2 && joins_digits(text[at - 1]) && is_digit(text[at - 2]));
}

bool number_ends(std::string_view text, std::size_t end) {
    return token_ends(text, end) &&
           !(end + 1 < text.size() && joins_digits(text[end]) && is_digit(text[end + 1]));
}

std::size_t separator_length(std::string_view text, std::size_t at) {
    // No-break space, thin and narrow no-break space, hyphen, non-breaking hyphen, en dash.
    constexpr std::string_view kTypographic[] = {"\u00A0", "\u2009", "\u202F", "\u2010", "\u2011", "\u2013"};
    if (at >= text.size())
        return 0;
    const char c = text[at];
    if (c == ' ' || c == '-' || c == '.' || c == '/')
        return 1;
    if (static_cast<unsigned char>(c) < 0x80)
        return 0;
    for (const std::string_view separator : kTypographic) {
        if (text.substr(at, separator.size()) == separator)
            return separator.size();
    }
    return 0;
}

std::unique_ptr<const Finder> make_token_finder(std::vector<Recogniser> recognisers) {
    return std::make_unique<TokenFinder>(std::move(recognisers));
}

}  // namespace tidegate::guardrails
