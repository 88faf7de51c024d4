// Texts that are too long, in Unicode code points: what a reader would count, nearly.
#include "guardrails/kinds.h"

#include <cstdint>

namespace tidegate::guardrails {
namespace {

constexpr std::int64_t kLargestLength = 100'000'000;

class LengthCheck final : public TextCheck {
  public:
    explicit LengthCheck(std::size_t most) : most_(most) {}

    // What is too much is the match.
    void find(std::string_view text, std::size_t, std::size_t, std::vector<Match>& matches) const override {
        if (text.size() <= most_)
            return;
        std::size_t characters = 0;
        for (std::size_t at = 0; at < text.size(); ++at) {
            const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
            if (!begins)
                continue;
            if (characters == most_) {
                matches.push_back({at, text.size(), "length"});
                return;
            }
            ++characters;
        }
    }

    std::optional<std::size_t> longest_match() const override { return std::nullopt; }

  private:
    std::size_t most_;
};

}  // namespace

void make_length(const yaml::Cursor& at, Making making) {
    const std::int64_t most = at["max_characters"].integer(1, kLargestLength);
    making.guardrail.text = std::make_unique<LengthCheck>(static_cast<std::size_t>(most));
}

}  // namespace tidegate::guardrails
