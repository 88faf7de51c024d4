#include <tidegate/events/content.h>

#include <algorithm>
#include <cstdint>

namespace tidegate::events {
namespace {

// The length of `text` without a character that was cut at its end.
std::size_t whole_characters(std::string_view text) {
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const auto byte = static_cast<std::uint8_t>(text[text.size() - back]);
        if ((byte & 0xc0) == 0x80)
            continue;
        const std::size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        return length > back ? text.size() - back : text.size();
    }
    return text.size();
}

}  // namespace

void Content::append(std::string_view bytes) {
    total_ += bytes.size();
    // Once something was left out, nothing behind it is kept.
    if (total_ - bytes.size() != kept_)
        return;
    std::string_view rest = bytes.substr(0, limit_ - std::min(limit_, kept_));
    kept_ += rest.size();
    while (!rest.empty()) {
        if (blocks_.empty() || blocks_.back().size() >= kBlock) {
            blocks_.emplace_back();
            if (rest.size() >= kBlock / 4)
                blocks_.back().reserve(std::max(kBlock, rest.size()));
        }
        std::string& block = blocks_.back();
        const std::size_t room = std::max(block.capacity(), kBlock) - block.size();
        block.append(rest.substr(0, room));
        rest.remove_prefix(std::min(room, rest.size()));
    }
    if (truncated())
        drop_cut_character();
}

void Content::drop_cut_character() {
    constexpr std::size_t kLongest = 4;
    std::string end;
    for (auto block = blocks_.rbegin(); block != blocks_.rend() && end.size() < kLongest; ++block)
        end.insert(0, block->substr(block->size() - std::min(block->size(), kLongest - end.size())));
    for (std::size_t left = end.size() - whole_characters(end); left > 0; --left) {
        while (blocks_.back().empty()) blocks_.pop_back();
        blocks_.back().pop_back();
        --kept_;
    }
}

void Content::clear() {
    blocks_.clear();
    kept_ = 0;
    total_ = 0;
}

std::string Content::bytes() const {
    std::string all;
    all.reserve(kept_);
    append_to(all);
    return all;
}

void Content::append_to(std::string& out) const {
    for (const std::string& block : blocks_) out += block;
}

bool Content::operator==(const Content& other) const {
    return total_ == other.total_ && format == other.format && stream == other.stream &&
           bytes() == other.bytes();
}

Content Content::of(std::string bytes, std::uint64_t total) {
    Content content(bytes.size());
    content.kept_ = bytes.size();
    content.total_ = std::max<std::uint64_t>(total, bytes.size());
    if (!bytes.empty())
        content.blocks_.push_back(std::move(bytes));
    return content;
}

}  // namespace tidegate::events
