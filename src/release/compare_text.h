// The comparators of texts.
#pragma once

#include <tidegate/release/compare.h>

namespace tidegate::release {

// Byte for byte.
std::optional<events::Comparison> compare_exact(const dialect::DecodedAnswer& live,
                                                const dialect::DecodedAnswer& other,
                                                const CompareOptions& options);
// The same words in the same order.
std::optional<events::Comparison> compare_normalised_text(const dialect::DecodedAnswer& live,
                                                          const dialect::DecodedAnswer& other,
                                                          const CompareOptions& options);
// The share of words that both have, whatever their order.
std::optional<events::Comparison> compare_tokens(const dialect::DecodedAnswer& live,
                                                 const dialect::DecodedAnswer& other,
                                                 const CompareOptions& options);

}  // namespace tidegate::release
