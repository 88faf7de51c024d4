// Appends to a string through a pointer, for writers that the bytes of every call pass through.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tidegate {

// While it lives nobody else may use the string, which is longer than what was appended; afterwards it ends
// with that. Costs a few instructions an append, where std::string's own cost tens.
class TextAppender {
  public:
    explicit TextAppender(std::string& text) : text_(text), begin_(text.size()), size_(begin_) {}
    ~TextAppender() { text_.resize(size_); }
    TextAppender(const TextAppender&) = delete;
    TextAppender& operator=(const TextAppender&) = delete;

    void add(char c) {
        *room(1) = c;
        ++size_;
    }
    // Of another string: this one may move.
    void add(std::string_view bytes) {
        if (!bytes.empty())
            std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
        size_ += bytes.size();
    }
    void add(std::int64_t number) {
        constexpr std::size_t kLongest = 20;
        char* const begin = room(kLongest);
        size_ += static_cast<std::size_t>(std::to_chars(begin, begin + kLongest, number).ptr - begin);
    }
    // As append_json_string has it.
    void add_json_string(std::string_view text);

    std::size_t size() const { return size_; }
    char last() const { return text_[size_ - 1]; }
    // Of what was appended.
    void drop_last() { --size_; }

  private:
    // Where at least `size` bytes may be written.
    char* room(std::size_t size) {
        if (text_.size() - size_ < size)
            grow(size);
        return text_.data() + size_;
    }
    void grow(std::size_t size);

    std::string& text_;
    const std::size_t begin_;
    std::size_t size_;
};

}  // namespace tidegate
