// Tells texts in which an expression cannot match many times faster than RE2 finds that nothing does.
#pragma once

#include "guardrails/literal_search.h"

#include <memory>
#include <string_view>

namespace re2 {
class FilteredRE2;
}

namespace tidegate::guardrails {

// Looks for strings one of which each match must hold, where the expression has such. Immutable; any thread at
// the same time.
class ExpressionFilter {
  public:
    // Less of a string than this is in every text: to make `expressions` with.
    static constexpr int kLeastLiteral = 3;

    // Of all expressions added to `expressions`, which are compiled hereby, and outlive this.
    explicit ExpressionFilter(re2::FilteredRE2& expressions);

    // False: none of the expressions matches in it. `text` is UTF-8.
    bool may_match(std::string_view text) const;

  private:
    const re2::FilteredRE2& expressions_;
    std::unique_ptr<const LiteralSearch> literals_;  // null: any text may match
    int count_ = 0;                                  // of the expressions' own strings among them
};

}  // namespace tidegate::guardrails
