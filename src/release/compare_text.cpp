#include "release/compare_text.h"

#include "release/words.h"

namespace tidegate::release {
namespace {

events::Comparison all_or_nothing(bool equal) {
    return {.comparator = {}, .similarity = equal ? 1.0 : 0.0, .agrees = equal};
}

}  // namespace

std::optional<events::Comparison> compare_exact(const dialect::DecodedAnswer& live,
                                                const dialect::DecodedAnswer& other, const CompareOptions&) {
    return all_or_nothing(live.text == other.text);
}

std::optional<events::Comparison> compare_normalised_text(const dialect::DecodedAnswer& live,
                                                          const dialect::DecodedAnswer& other,
                                                          const CompareOptions&) {
    return all_or_nothing(words_of(live.text) == words_of(other.text));
}

std::optional<events::Comparison> compare_tokens(const dialect::DecodedAnswer& live,
                                                 const dialect::DecodedAnswer& other,
                                                 const CompareOptions& options) {
    events::Comparison comparison;
    comparison.similarity = word_similarity(words_of(live.text), words_of(other.text));
    comparison.agrees = texts_agree(live.text, other.text, options.minimum_similarity);
    return comparison;
}

}  // namespace tidegate::release
