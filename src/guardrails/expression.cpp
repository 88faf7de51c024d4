#include "guardrails/expression.h"

#include "guardrails/expression_filter.h"
#include "guardrails/match_width.h"

#include <algorithm>

#include <fmt/format.h>
#include <re2/filtered_re2.h>
#include <re2/re2.h>

namespace tidegate::guardrails {
namespace {

constexpr std::int64_t kPatternMemory = 8LL << 20U;
// `\b`, `^` and `$` look at one character on each side, of which they know a byte.
constexpr std::size_t kExpressionContext = 1;

re2::RE2::Options pattern_options() {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_max_mem(kPatternMemory);
    return options;
}

class ExpressionFinder final : public Finder {
  public:
    // `expressions` has one.
    ExpressionFinder(re2::FilteredRE2 expressions, std::string_view category,
                     std::optional<std::size_t> longest)
        : expressions_(std::move(expressions)), filter_(expressions_), category_(category), longest_(longest) {}

    bool may_match(std::string_view text) const override { return filter_.may_match(text); }

    std::optional<Match> next(std::string_view text, std::size_t from, std::size_t until) const override {
        const re2::StringPiece all(text.data(), text.size());
        re2::StringPiece found;
        const re2::RE2& expression = expressions_.GetRE2(0);
        while (from < until && expression.Match(all, from, all.size(), re2::RE2::UNANCHORED, &found, 1)) {
            const auto begin = static_cast<std::size_t>(found.data() - text.data());
            if (begin >= until)
                return std::nullopt;
            if (!found.empty())
                return Match{begin, begin + found.size(), category_};
            from = begin + 1;
        }
        return std::nullopt;
    }

    std::optional<std::size_t> longest_match() const override { return longest_; }

  private:
    re2::FilteredRE2 expressions_;
    ExpressionFilter filter_;
    std::string_view category_;
    std::optional<std::size_t> longest_;
};

// So that its flags and alternatives stay its own.
std::string grouped(const std::string& pattern) {
    return fmt::format("(?:{})", pattern);
}

Error bad_pattern(std::string message) {
    return {ErrorKind::invalid_input, ErrorSource::gateway, std::move(message)};
}

}  // namespace

Result<void> check_syntax(const std::string& pattern) {
    const re2::RE2 expression(pattern, pattern_options());
    if (!expression.ok())
        return bad_pattern(fmt::format("is no pattern that RE2 takes: {}", expression.error()));
    if (!re2::RE2(grouped(pattern), pattern_options()).ok())
        return bad_pattern("quotes to its end: close `\\Q` with `\\E`");
    return {};
}

Result<void> check_expression(const std::string& pattern) {
    if (auto checked = check_syntax(pattern); !checked)
        return checked;
    const auto width = match_width(pattern);
    if (width && width->least == 0)
        return bad_pattern("matches the empty text, and so everywhere");
    return {};
}

Result<std::unique_ptr<const Finder>> make_expression_finder(const std::vector<std::string>& patterns,
                                                             std::string_view category) {
    std::string joined;
    std::optional<std::size_t> longest = 0;
    for (const std::string& pattern : patterns) {
        if (auto checked = check_expression(pattern); !checked)
            return checked.error();
        if (!joined.empty())
            joined += '|';
        joined += grouped(pattern);
        const auto width = match_width(pattern);
        if (!width || width->most == MatchWidth::kUnbounded)
            longest.reset();
        if (longest)
            longest = std::max(*longest, width->most + 2 * kExpressionContext);
    }
    re2::FilteredRE2 expressions(ExpressionFilter::kLeastLiteral);
    int id = 0;
    if (expressions.Add(joined, pattern_options(), &id) != re2::RE2::NoError) {
        return bad_pattern(fmt::format("RE2 does not take the patterns together: {}",
                                       re2::RE2(joined, pattern_options()).error()));
    }
    return std::unique_ptr<const Finder>(
        std::make_unique<ExpressionFinder>(std::move(expressions), category, longest));
}

}  // namespace tidegate::guardrails
