// Whether two answers to the same request say the same. Pure functions over decoded answers; any thread, but
// not an I/O thread: long answers take milliseconds.
#pragma once

#include <tidegate/dialect/decode.h>
#include <tidegate/events/shadow.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tidegate::release {

// Texts of at most so many words are equal or not: half of two words in common means nothing.
constexpr std::size_t kShortWords = 3;
// Of a text only so many bytes are looked at.
constexpr std::size_t kMostCompared = 256 * 1024;

struct CompareOptions {
    double minimum_similarity = 0.5;  // of words, from which on texts agree
};

// One way of comparing. Nothing if it does not apply to this pair. The first answer is the live one.
struct Comparator {
    std::string_view name;
    std::optional<events::Comparison> (*compare)(const dialect::DecodedAnswer& live,
                                                 const dialect::DecodedAnswer& other,
                                                 const CompareOptions& options);
};
// All there are; docs/shadow.md describes them.
std::span<const Comparator> comparators();

struct Compared {
    std::vector<events::Comparison> comparisons;  // of those that apply
    bool agree = false;
};

// Tool calls decide where there are any, else JSON where there is any, else the words.
Compared compare(const dialect::DecodedAnswer& live, const dialect::DecodedAnswer& other,
                 const CompareOptions& options = {});

}  // namespace tidegate::release
