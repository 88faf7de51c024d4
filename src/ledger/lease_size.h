// How much to lease. Pure.
#pragma once

#include <tidegate/base/money.h>

#include <span>

namespace tidegate::ledger {

// What a lease should be enlarged by when `left` can still be leased, `held` is free in it already, `ahead` was
// reserved in the last seconds and `waiting` are the worst cases of the calls that wait: the larger of `ahead`,
// of which at most 2 % of what is left, and of those that fit, taken in their order; less what is held. Never
// negative, never more than `left`.
NanoDollars lease_size(NanoDollars left, NanoDollars held, NanoDollars ahead,
                       std::span<const NanoDollars> waiting);

}  // namespace tidegate::ledger
