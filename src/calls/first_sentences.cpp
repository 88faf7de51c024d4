#include <tidegate/calls/first_sentences.h>

#include <tidegate/base/text.h>

#include <memory>

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>

namespace tidegate::calls {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024;
constexpr std::int32_t kMostCharacters = 2000;

}  // namespace

std::string first_sentences(std::string_view text, int count) {
    text = utf8_prefix(text, kMostBytes);
    const icu::UnicodeString whole =
        icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
    UErrorCode status = U_ZERO_ERROR;
    // `ss=standard` suppresses breaks behind known abbreviations.
    const icu::Locale locale("en@ss=standard");
    const std::unique_ptr<icu::BreakIterator> breaks(icu::BreakIterator::createSentenceInstance(locale, status));
    std::int32_t end = whole.length();
    if (U_SUCCESS(status)) {
        breaks->setText(whole);
        std::int32_t at = breaks->first();
        for (int i = 0; i < count && at != icu::BreakIterator::DONE; ++i) {
            at = breaks->next();
            if (at != icu::BreakIterator::DONE) end = at;
        }
    }
    if (end == whole.length() && end > kMostCharacters) end = whole.getChar32Start(kMostCharacters);
    icu::UnicodeString first = whole.tempSubString(0, end);
    first.trim();
    std::string out;
    first.toUTF8String(out);
    return out;
}

}  // namespace tidegate::calls
