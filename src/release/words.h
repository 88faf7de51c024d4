// A text as a list of words, so that case, spacing, punctuation and Markdown do not count.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::release {

// Case-folded and in compatibility form (NFKC), by Unicode's word boundaries, so that scripts without spaces
// work too. Currency and percent signs are words; other punctuation is none. Looks at kMostCompared bytes.
std::vector<std::string> words_of(std::string_view text);

// Dice's coefficient of the two lists as bags: twice what is in both, by the sum of both; 1 if both are empty.
double word_similarity(std::vector<std::string> a, std::vector<std::string> b);

// Whether two texts agree: short ones word by word, longer ones from `minimum_similarity` on.
bool texts_agree(std::string_view a, std::string_view b, double minimum_similarity);

}  // namespace tidegate::release
