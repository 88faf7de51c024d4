// The bytes of one side of a call, kept up to a limit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::events {

// Collects bytes in blocks of 16 KiB, so that a long answer is never copied to grow. One thread at a time.
class Content {
  public:
    static constexpr std::size_t kBlock = 16 * 1024;
    static constexpr std::size_t kDefaultLimit = 1024 * 1024;

    // `limit` in bytes; 0 keeps nothing (`records.content: none`).
    explicit Content(std::size_t limit = kDefaultLimit) : limit_(limit) {}

    // Keeps what fits and counts the rest.
    void append(std::string_view bytes);
    void clear();

    // What was kept. Cut content of which the kept part is UTF-8 ends at the end of a character.
    std::string bytes() const;
    void append_to(std::string& out) const;
    // How many bytes are held, and how many there were.
    std::size_t kept() const { return kept_; }
    std::uint64_t total() const { return total_; }
    bool truncated() const { return total_ > kept_; }
    bool empty() const { return total_ == 0; }

    // How to read it later: the wire format ("openai", "anthropic") and whether the bytes are an event stream.
    std::string format;
    bool stream = false;

    // Equal if the kept bytes, the total and the format are; limits do not count.
    bool operator==(const Content& other) const;
    // For readers of the JSON form: content of which `bytes` were kept out of `total`.
    static Content of(std::string bytes, std::uint64_t total);

  private:
    // What was cut within a character ends before it.
    void drop_cut_character();

    std::size_t limit_;
    std::size_t kept_ = 0;
    std::uint64_t total_ = 0;
    std::vector<std::string> blocks_;
};

}  // namespace tidegate::events
