// The two kinds of memory a connection reads into.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace tidegate::http {

// Bytes received and not yet read. Starts small, so that idle connections are cheap. While a read into it is in
// flight, only `consume` may be called.
class InputBuffer {
  public:
    static constexpr std::size_t kInitial = 2048;

    std::string_view view() const { return {data_.data() + begin_, end_ - begin_}; }
    bool empty() const { return begin_ == end_; }
    void consume(std::size_t size);

    // Space to read into; `room` grows or compacts until there is some (at most `limit` bytes are ever held).
    bool room(std::size_t limit);
    // Without growing: what a read may use while the bytes before it are still wanted.
    std::size_t free() const { return data_.size() - end_; }
    char* tail() { return data_.data() + end_; }
    void commit(std::size_t size) { end_ += size; }
    // Only when empty.
    void assign(std::string_view bytes);
    // Back to the initial size, if empty.
    void shrink();

  private:
    std::vector<char> data_ = std::vector<char>(kInitial);
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

// A body, or what came of it, and readable padding behind it. Not initialised, so that announced bytes cost
// nothing.
class BodyBuffer {
  public:
    std::string_view view() const { return {data_.get(), size_}; }
    std::size_t capacity() const { return capacity_; }
    std::size_t free() const { return capacity_ - size_; }
    char* tail() { return data_.get() + size_; }
    void commit(std::size_t size) { size_ += size; }
    void clear() { size_ = 0; }
    void truncate(std::size_t size) { size_ = size; }
    void append(std::string_view bytes);
    // Room for `size` bytes in all, keeping what is there.
    void reserve(std::size_t size);
    // Clears the padding behind the last byte.
    void pad();

  private:
    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
};

// Body buffers of one I/O thread, lent while a message is in progress.
class BodyPool {
  public:
    BodyBuffer take();
    void give(BodyBuffer buffer);

  private:
    static constexpr std::size_t kMaxKept = 32;
    static constexpr std::size_t kMaxCapacity = 1024 * 1024;  // larger ones go back to the system

    std::vector<BodyBuffer> free_;
};

}  // namespace tidegate::http
