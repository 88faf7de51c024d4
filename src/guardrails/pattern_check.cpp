#include "guardrails/pattern_check.h"

#include <algorithm>
#include <cstdint>

namespace tidegate::guardrails {
namespace {

// Bytes that searches without a bound may run over in one text.
constexpr std::uint64_t kMostSearched = 128ULL << 20U;

bool comes_before(const Match& a, const Match& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
}

class PatternCheck final : public TextCheck {
  public:
    explicit PatternCheck(std::vector<std::unique_ptr<const Finder>> finders) : finders_(std::move(finders)) {
        longest_ = 0;
        for (const auto& finder : finders_) {
            const auto longest = finder->longest_match();
            if (!longest)
                longest_.reset();
            if (longest_)
                longest_ = std::max(*longest_, *longest);
        }
    }

    void find(std::string_view text, std::size_t from, std::size_t until,
              std::vector<Match>& matches) const override {
        std::uint64_t searched = 0;
        std::vector<std::optional<Match>> next(finders_.size());
        for (std::size_t i = 0; i < next.size(); ++i) {
            if (finders_[i]->may_match(text.substr(from)))
                next[i] = finders_[i]->next(text, from, until);
        }
        while (true) {
            const Match* first = nullptr;
            for (const auto& match : next) {
                if (match && (first == nullptr || comes_before(*match, *first)))
                    first = &*match;
            }
            if (first == nullptr)
                return;
            matches.push_back(*first);
            const std::size_t end = matches.back().end;
            if (searched > kMostSearched) {
                matches.back().end = text.size();
                return;
            }
            for (std::size_t i = 0; i < next.size(); ++i) {
                std::optional<Match>& match = next[i];
                if (!match || match->begin >= end)
                    continue;
                match = finders_[i]->next(text, end, until);
                if (!finders_[i]->longest_match())
                    searched += text.size() - end;
            }
        }
    }

    std::optional<std::size_t> longest_match() const override { return longest_; }

  private:
    std::vector<std::unique_ptr<const Finder>> finders_;
    std::optional<std::size_t> longest_;
};

}  // namespace

std::unique_ptr<const TextCheck> make_pattern_check(std::vector<std::unique_ptr<const Finder>> finders) {
    return std::make_unique<PatternCheck>(std::move(finders));
}

}  // namespace tidegate::guardrails
