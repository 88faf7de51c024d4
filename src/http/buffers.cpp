#include "http/buffers.h"

#include <tidegate/http/request.h>

#include <algorithm>
#include <cstring>

namespace tidegate::http {

void InputBuffer::consume(std::size_t size) {
    begin_ += size;
}

bool InputBuffer::room(std::size_t limit) {
    if (begin_ == end_)
        begin_ = end_ = 0;
    if (end_ < data_.size())
        return true;
    if (begin_ > 0) {
        std::memmove(data_.data(), data_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
        return true;
    }
    if (data_.size() >= limit)
        return false;
    data_.resize(std::min(limit, data_.size() * 2));
    return true;
}

void InputBuffer::assign(std::string_view bytes) {
    if (data_.size() < bytes.size())
        data_.resize(bytes.size());
    std::memcpy(data_.data(), bytes.data(), bytes.size());
    begin_ = 0;
    end_ = bytes.size();
}

void InputBuffer::shrink() {
    if (!empty() || data_.size() <= kInitial)
        return;
    data_ = std::vector<char>(kInitial);
    begin_ = end_ = 0;
}

void BodyBuffer::append(std::string_view bytes) {
    reserve(size_ + bytes.size());
    if (!bytes.empty())
        std::memcpy(tail(), bytes.data(), bytes.size());
    size_ += bytes.size();
}

void BodyBuffer::reserve(std::size_t size) {
    if (size <= capacity_)
        return;
    auto larger = std::make_unique_for_overwrite<char[]>(size + Request::kBodyPadding);
    if (size_ > 0)
        std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = size;
}

void BodyBuffer::pad() {
    if (!data_)
        reserve(1);
    std::memset(tail(), 0, Request::kBodyPadding);
}

BodyBuffer BodyPool::take() {
    if (free_.empty())
        return {};
    BodyBuffer buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
}

void BodyPool::give(BodyBuffer buffer) {
    if (buffer.capacity() == 0 || buffer.capacity() > kMaxCapacity || free_.size() >= kMaxKept)
        return;
    buffer.clear();
    free_.push_back(std::move(buffer));
}

}  // namespace tidegate::http
