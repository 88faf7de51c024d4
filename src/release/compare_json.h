// The comparators of answers in JSON. They apply where either answer is an object or an array.
#pragma once

#include <tidegate/release/compare.h>

namespace tidegate::release {

// The same members with the same types of values.
std::optional<events::Comparison> compare_json_structure(const dialect::DecodedAnswer& live,
                                                         const dialect::DecodedAnswer& other,
                                                         const CompareOptions& options);
// And the same values: of longer texts similar ones.
std::optional<events::Comparison> compare_json_values(const dialect::DecodedAnswer& live,
                                                      const dialect::DecodedAnswer& other,
                                                      const CompareOptions& options);

}  // namespace tidegate::release
