#include "ledger/lease_size.h"

#include <algorithm>

namespace tidegate::ledger {
namespace {

constexpr std::int64_t kMostAheadIsOneOf = 50;

}  // namespace

NanoDollars lease_size(NanoDollars left, NanoDollars held, NanoDollars ahead,
                       std::span<const NanoDollars> waiting) {
    const NanoDollars at_hand = saturated_sum(left, held);
    NanoDollars fitting;
    for (const NanoDollars worst_case : waiting) {
        const NanoDollars with_it = saturated_sum(fitting, worst_case);
        if (with_it <= at_hand)
            fitting = with_it;
    }
    const NanoDollars most_ahead{left.count() / kMostAheadIsOneOf};
    const NanoDollars wanted = std::max(fitting, std::min(ahead, most_ahead));
    return std::clamp(wanted - held, NanoDollars{}, left);
}

}  // namespace tidegate::ledger
