#include <tidegate/base/text.h>
#include <tidegate/calls/first_sentences.h>

#include <array>
#include <memory>

#include <unicode/brkiter.h>
#include <unicode/filteredbrk.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>

namespace tidegate::calls {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024;
constexpr std::int32_t kMostCharacters = 2000;

// ICU's own list for English ("Mr.", "Prof.", …) lacks these; none of them ends a sentence.
constexpr std::array<const char*, 9> kAbbreviations{"Dr.",  "St.", "Gen.",  "Gov.",   "Sen.",
                                                    "Hon.", "Mx.", "Pres.", "Messrs."};

std::unique_ptr<icu::BreakIterator> make_sentence_breaks() {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Locale english("en");
    const std::unique_ptr<icu::FilteredBreakIteratorBuilder> builder(
        icu::FilteredBreakIteratorBuilder::createInstance(english, status));
    std::unique_ptr<icu::BreakIterator> plain(icu::BreakIterator::createSentenceInstance(english, status));
    if (U_FAILURE(status))
        return nullptr;
    for (const char* abbreviation : kAbbreviations) {
        builder->suppressBreakAfter(icu::UnicodeString::fromUTF8(abbreviation), status);
    }
    std::unique_ptr<icu::BreakIterator> filtered(builder->build(plain.release(), status));
    return U_SUCCESS(status) ? std::move(filtered) : nullptr;
}

// Making one reads tables; a thread keeps its own. Null if ICU's data is missing.
icu::BreakIterator* sentence_breaks() {
    thread_local const std::unique_ptr<icu::BreakIterator> breaks = make_sentence_breaks();
    return breaks.get();
}

// The end of the last of `count` sentences that fits the bound; if not even the first does, the bound.
std::int32_t end_of_sentences(const icu::UnicodeString& text, int count) {
    const std::int32_t most =
        text.length() <= kMostCharacters ? text.length() : text.getChar32Start(kMostCharacters);
    icu::BreakIterator* breaks = sentence_breaks();
    if (breaks == nullptr)
        return most;
    breaks->setText(text);
    breaks->first();
    std::int32_t end = 0;
    for (int i = 0; i < count; ++i) {
        const std::int32_t next = breaks->next();
        if (next == icu::BreakIterator::DONE || next > most)
            break;
        end = next;
    }
    return end > 0 ? end : most;
}

}  // namespace

std::string first_sentences(std::string_view text, int count) {
    if (count <= 0)
        return {};
    text = utf8_prefix(text, kMostBytes);
    icu::UnicodeString whole =
        icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
    whole.trim();
    icu::UnicodeString first(whole, 0, end_of_sentences(whole, count));
    first.trim();
    std::string out;
    first.toUTF8String(out);
    return out;
}

}  // namespace tidegate::calls
