// The beginning of a text, cut at the end of a sentence.
#pragma once

#include <string>
#include <string_view>

namespace tidegate::calls {

// The first `count` sentences by ICU's rules, which know other scripts and the abbreviations of English ("Dr.
// Smith came." is one sentence), as many of them as 2,000 characters (UTF-16 units) hold. A text without an end
// of a sentence comes back whole, up to that bound. Looks at the first 64 KiB at most. Invalid UTF-8 becomes
// U+FFFD. Any thread.
std::string first_sentences(std::string_view text, int count);

}  // namespace tidegate::calls
