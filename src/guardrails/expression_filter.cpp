#include "guardrails/expression_filter.h"

#include <algorithm>

#include <re2/filtered_re2.h>

namespace tidegate::guardrails {
namespace {

// What RE2 takes for ASCII letters where case does not matter, in bytes: the long s and the sign for kelvin.
constexpr std::string_view kFoldedToAscii[] = {"\xc5\xbf", "\xe2\x84\xaa"};

bool is_ascii(char c) {
    return static_cast<unsigned char>(c) < 0x80;
}

// RE2 gives its strings in lower case, of which the search knows only that of ASCII. What holds a string holds
// its longest part in ASCII.
std::string_view longest_ascii(std::string_view literal) {
    std::string_view longest;
    for (auto begin = literal.begin(); begin != literal.end();) {
        begin = std::find_if(begin, literal.end(), is_ascii);
        const auto end = std::find_if_not(begin, literal.end(), is_ascii);
        if (static_cast<std::size_t>(end - begin) > longest.size())
            longest = {begin, end};
        begin = end;
    }
    return longest;
}

}  // namespace

ExpressionFilter::ExpressionFilter(re2::FilteredRE2& expressions) : expressions_(expressions) {
    std::vector<std::string> literals;
    expressions.Compile(&literals);
    for (std::string& literal : literals) literal = longest_ascii(literal);
    const bool weak = std::any_of(literals.begin(), literals.end(),
                                  [](const std::string& literal) { return literal.size() < kLeastLiteral; });
    std::vector<int> without;  // any string
    expressions.AllPotentials({}, &without);
    if (literals.empty() || weak || !without.empty())
        return;
    count_ = static_cast<int>(literals.size());
    literals.insert(literals.end(), std::begin(kFoldedToAscii), std::end(kFoldedToAscii));
    literals_ = LiteralSearch::make(literals);
}

bool ExpressionFilter::may_match(std::string_view text) const {
    std::vector<int> found;
    if (!literals_ || !literals_->find(text, found))
        return true;
    if (found.empty())
        return false;
    const bool folds = std::any_of(found.begin(), found.end(), [&](int literal) { return literal >= count_; });
    if (folds)
        return true;
    std::vector<int> passed;
    expressions_.AllPotentials(found, &passed);
    return !passed.empty();
}

}  // namespace tidegate::guardrails
