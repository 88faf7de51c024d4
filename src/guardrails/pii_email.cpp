#include "guardrails/pii.h"

#include <algorithm>

namespace tidegate::guardrails {
namespace {

constexpr std::size_t kLongestLocal = 64;
constexpr std::size_t kLongestDomain = 127;
constexpr std::size_t kLongestLetter = 4;

// Letters of Latin, Greek and Cyrillic beyond ASCII, two bytes each: addresses have them. Scripts that write no
// spaces are left out, or an address would begin with the sentence before it.
bool leads_letter(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xC3 && byte <= 0xD4;
}

bool continues_letter(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

bool is_local(char c) {
    return is_letter_or_digit(c) || std::string_view("._%+-'").find(c) != std::string_view::npos;
}

// Where the part before the `@` begins, not before `first`; `at` if there is none.
std::size_t local_begin(std::string_view text, std::size_t first, std::size_t at) {
    first = std::max(first, at > kLongestLocal ? at - kLongestLocal : 0);
    std::size_t begin = at;
    while (begin > first) {
        if (is_local(text[begin - 1]))
            begin -= 1;
        else if (begin >= first + 2 && continues_letter(text[begin - 1]) && leads_letter(text[begin - 2]))
            begin -= 2;
        else
            break;
    }
    // Quotes and dots before it belong to the sentence.
    while (begin < at && !is_letter_or_digit(text[begin]) && text[begin] != '_' && !leads_letter(text[begin]))
        ++begin;
    return begin;
}

// The end of the label that begins at `at`.
std::size_t label_end(std::string_view text, std::size_t at, std::size_t last) {
    while (at < last) {
        if (is_letter_or_digit(text[at]) || text[at] == '-')
            at += 1;
        else if (leads_letter(text[at]) && at + 1 < last && continues_letter(text[at + 1]))
            at += 2;
        else
            break;
    }
    return at;
}

bool is_top_level(std::string_view label) {
    if (label.size() > 4 && (label.starts_with("xn--") || label.starts_with("XN--")))
        return true;
    return label.size() >= 2 &&
           std::none_of(label.begin(), label.end(), [](char c) { return is_digit(c) || c == '-'; });
}

// The end of the domain that begins at `at`: behind the last label that may be a top-level one. 0: it is none.
std::size_t domain_end(std::string_view text, std::size_t at) {
    const std::size_t last = std::min(text.size(), at + kLongestDomain);
    std::size_t good = 0;
    for (bool first = true;; first = false) {
        std::size_t end = label_end(text, at, last);
        const bool cut = end == last && label_end(text, end, std::min(text.size(), end + 2)) > end;
        const std::size_t dot = end;
        while (end > at && text[end - 1] == '-') --end;
        if (end == at || text[at] == '-' || cut)
            return good;
        if (!first && is_top_level(text.substr(at, end - at)))
            good = end;
        if (end != dot || dot >= last || text[dot] != '.')
            return good;
        at = dot + 1;
    }
}

class EmailFinder final : public Finder {
  public:
    std::optional<Match> next(std::string_view text, std::size_t from, std::size_t until) const override {
        for (std::size_t at = text.find('@', from); at != std::string_view::npos; at = text.find('@', at + 1)) {
            const std::size_t begin = local_begin(text, from, at);
            if (begin >= until)
                return std::nullopt;
            if (begin == at)
                continue;
            if (const std::size_t end = domain_end(text, at + 1); end != 0)
                return Match{begin, end, "email"};
        }
        return std::nullopt;
    }

    std::optional<std::size_t> longest_match() const override {
        return kLongestLetter + kLongestLocal + 1 + kLongestDomain + kLongestLetter;
    }
};

}  // namespace

std::unique_ptr<const Finder> make_email_finder() {
    return std::make_unique<EmailFinder>();
}

}  // namespace tidegate::guardrails
