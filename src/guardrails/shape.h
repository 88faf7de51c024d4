// Numbers that are written in groups of a known shape, with or without separators.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tidegate::guardrails {

// The characters of a number without its separators, letters in upper case.
class Compact {
  public:
    std::string_view text() const { return {characters_.data(), size_}; }
    std::size_t size() const { return size_; }
    void clear() { size_ = 0; }
    // False: it is full.
    bool add(char c);

  private:
    std::array<char, 40> characters_{};
    std::size_t size_ = 0;
};

// Reads what stands at `at` as `shape` says: `9` is a digit, `A` a letter, `X` either, `?` any ASCII character
// that is no space, ` ` a separator or nothing, `-` a separator. Gives its bytes, 0 if it has another shape.
std::size_t read_shape(std::string_view text, std::size_t at, std::string_view shape, Compact& compact);

// The most bytes that a text of this shape has.
std::size_t longest_of_shape(std::string_view shape);

}  // namespace tidegate::guardrails
