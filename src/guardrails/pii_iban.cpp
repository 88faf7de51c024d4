#include "guardrails/checksums.h"
#include "guardrails/pii.h"
#include "guardrails/shape.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tidegate::guardrails {
namespace {

constexpr std::size_t kMostIbanSeparators = 12;
constexpr std::size_t kLongestIban = 34;

// By country, from the registry of ISO 13616.
constexpr std::pair<std::string_view, std::size_t> kIbanLengths[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
    {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27},
    {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27},
    {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HN", 28}, {"HR", 21}, {"HU", 28},
    {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28},
    {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22},
    {"MK", 19}, {"MN", 20}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23},
    {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24},
    {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28},
    {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30}};

// How many characters an IBAN of this country has, 0: there is none.
std::size_t iban_characters(std::string_view text, std::size_t at) {
    if (at + 2 > text.size())
        return 0;
    const std::array<char, 2> country{to_upper(text[at]), to_upper(text[at + 1])};
    const std::string_view wanted(country.data(), country.size());
    const auto* found =
        std::lower_bound(std::begin(kIbanLengths), std::end(kIbanLengths), wanted,
                         [](const auto& entry, std::string_view name) { return entry.first < name; });
    return found != std::end(kIbanLengths) && found->first == wanted ? found->second : 0;
}

// Two letters and a digit: no word begins like that, so that the list is not searched for each.
bool begins_like_iban(std::string_view text, std::size_t at) {
    if (at + 2 >= text.size() || !is_letter(text[at + 1]) || is_letter(text[at + 2]))
        return false;
    std::size_t third = at + 2;
    while (const std::size_t separator = separator_length(text, third)) third += separator;
    return third < text.size() && is_digit(text[third]);
}

std::size_t iban_length(std::string_view text, std::size_t at) {
    const std::size_t wanted = begins_like_iban(text, at) ? iban_characters(text, at) : 0;
    if (wanted == 0)
        return 0;
    Compact iban;
    std::size_t separators = 0;
    std::size_t end = at;
    while (iban.size() < wanted) {
        if (end >= text.size())
            return 0;
        if (is_letter_or_digit(text[end])) {
            iban.add(text[end++]);
            continue;
        }
        const std::size_t separator = separator_length(text, end);
        if (separator == 0 || ++separators > kMostIbanSeparators)
            return 0;
        end += separator;
    }
    const std::string_view characters = iban.text();
    const bool checked = is_digit(characters[2]) && is_digit(characters[3]) && iban_checksum(characters);
    return checked && token_ends(text, end) ? end - at : 0;
}

}  // namespace

Recogniser iban_recogniser() {
    return {"iban", kLetters, kLongestIban + kMostIbanSeparators * kLongestSeparator, iban_length};
}

}  // namespace tidegate::guardrails
