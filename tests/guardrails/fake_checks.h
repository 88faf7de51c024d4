// Checks that are easy to reason about.
#pragma once

#include <tidegate/guardrails/guardrail.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::guardrails {

// Finds words, of several at one place the longest.
class WordCheck final : public TextCheck {
  public:
    WordCheck(std::string category, std::vector<std::string> words)
        : x_category(std::move(category)), x_words(std::move(words)) {}

    using TextCheck::find;
    void find(std::string_view text, std::size_t from, std::size_t until,
              std::vector<Match>& matches) const override {
        for (std::size_t at = from; at < until;) {
            std::size_t longest = 0;
            for (const std::string& word : x_words) {
                if (text.substr(at).starts_with(word))
                    longest = std::max(longest, word.size());
            }
            if (longest > 0)
                matches.push_back({at, at + longest, x_category});
            at += std::max<std::size_t>(longest, 1);
        }
    }
    std::optional<std::size_t> longest_match() const override {
        std::size_t longest = 0;
        for (const std::string& word : x_words) longest = std::max(longest, word.size());
        return longest;
    }

  private:
    std::string x_category;
    std::vector<std::string> x_words;
};

// Finds runs of exactly so many digits: what stands beside them decides.
class NumberCheck final : public TextCheck {
  public:
    NumberCheck(std::string category, std::size_t digits) : x_category(std::move(category)), x_digits(digits) {}

    using TextCheck::find;
    void find(std::string_view text, std::size_t from, std::size_t until,
              std::vector<Match>& matches) const override {
        const auto is_digit = [&](std::size_t at) {
            return at < text.size() && text[at] >= '0' && text[at] <= '9';
        };
        for (std::size_t at = from; at < until; ++at) {
            if (!is_digit(at) || (at > 0 && is_digit(at - 1)))
                continue;
            std::size_t end = at;
            while (is_digit(end)) ++end;
            if (end - at == x_digits)
                matches.push_back({at, end, x_category});
        }
    }
    std::optional<std::size_t> longest_match() const override { return x_digits + 2; }

  private:
    std::string x_category;
    std::size_t x_digits;
};

}  // namespace tidegate::guardrails
