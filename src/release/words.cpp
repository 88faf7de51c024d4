#include "release/words.h"

#include <tidegate/base/text.h>
#include <tidegate/release/compare.h>

#include <algorithm>
#include <memory>

#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace tidegate::release {
namespace {

icu::UnicodeString folded(std::string_view text) {
    const std::string_view seen = utf8_prefix(text, kMostCompared);
    const icu::UnicodeString whole =
        icu::UnicodeString::fromUTF8(icu::StringPiece(seen.data(), static_cast<std::int32_t>(seen.size())));
    UErrorCode error = U_ZERO_ERROR;
    const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(error);
    if (U_FAILURE(error))
        return whole;
    icu::UnicodeString result = normalizer->normalize(whole, error);
    return U_FAILURE(error) ? whole : result;
}

// Signs that change what a number means.
bool is_sign(UChar32 character) {
    return u_charType(character) == U_CURRENCY_SYMBOL || character == '%';
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    UErrorCode error = U_ZERO_ERROR;
    const std::unique_ptr<icu::BreakIterator> boundaries(
        icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), error));
    if (U_FAILURE(error))
        return words;
    const icu::UnicodeString whole = folded(text);
    boundaries->setText(whole);
    for (std::int32_t begin = boundaries->first(), end = boundaries->next(); end != icu::BreakIterator::DONE;
         begin = end, end = boundaries->next()) {
        if (boundaries->getRuleStatus() < UBRK_WORD_NONE_LIMIT && !is_sign(whole.char32At(begin)))
            continue;
        whole.tempSubStringBetween(begin, end).toUTF8String(words.emplace_back());
    }
    return words;
}

double word_similarity(std::vector<std::string> a, std::vector<std::string> b) {
    if (a.empty() && b.empty())
        return 1;
    std::ranges::sort(a);
    std::ranges::sort(b);
    std::vector<std::string> both;
    std::ranges::set_intersection(a, b, std::back_inserter(both));
    return 2 * static_cast<double>(both.size()) / static_cast<double>(a.size() + b.size());
}

bool texts_agree(std::string_view a, std::string_view b, double minimum_similarity) {
    const std::vector<std::string> words_a = words_of(a);
    const std::vector<std::string> words_b = words_of(b);
    if (std::max(words_a.size(), words_b.size()) <= kShortWords)
        return words_a == words_b;
    return word_similarity(words_a, words_b) >= minimum_similarity;
}

}  // namespace tidegate::release
