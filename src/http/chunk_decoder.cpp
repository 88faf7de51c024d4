#include "http/chunk_decoder.h"

#include "http/characters.h"

#include <algorithm>
#include <cstring>

namespace tidegate::http {
namespace {

constexpr Refused kBadChunk = refuse("The chunked body is malformed.");

}  // namespace

ChunkDecoder::Step ChunkDecoder::decode(const char* bytes, std::size_t size, char* to) {
    Step step;
    while (step.consumed < size && state_ != State::done && !refused_) {
        if (state_ != State::data) {
            take(bytes[step.consumed++]);
            continue;
        }
        const std::size_t part =
            static_cast<std::size_t>(std::min<std::uint64_t>(remain_, size - step.consumed));
        std::memmove(to + step.produced, bytes + step.consumed, part);
        step.consumed += part;
        step.produced += part;
        remain_ -= part;
        if (remain_ == 0)
            state_ = State::data_cr;
    }
    return step;
}

void ChunkDecoder::take(char c) {
    const auto expect = [&](char wanted, State next) {
        if (c != wanted)
            return fail(kBadChunk);
        state_ = next;
    };
    switch (state_) {
        case State::size_first:
        case State::size:
            return take_size(c);
        case State::extension:
            if (++extensions_ > kMaxExtensions)
                return fail(kTooLarge);
            if (c == '\r') {
                state_ = State::size_lf;
            } else if (is_control(c) && c != '\t') {
                fail(kBadChunk);
            }
            return;
        case State::size_lf:
            if (c != '\n')
                return fail(kBadChunk);
            return end_size();
        case State::data_cr:
            return expect('\r', State::data_lf);
        case State::data_lf:
            return expect('\n', State::size_first);
        case State::last_lf:
            return expect('\n', State::done);
        case State::trailer_lf:
            return expect('\n', State::trailer_start);
        case State::trailer_start:
        case State::trailer_name:
        case State::trailer_value:
            return take_trailer(c);
        case State::data:
        case State::done:
            return;
    }
}

void ChunkDecoder::take_size(char c) {
    const int digit = hex_value(c);
    if (digit >= 0) {
        if (state_ == State::size_first) {
            remain_ = 0;
            digits_ = 0;
            state_ = State::size;
        }
        if (++digits_ > 15)
            return fail(kBadChunk);
        remain_ = remain_ * 16 + static_cast<std::uint64_t>(digit);
        return;
    }
    if (state_ == State::size_first)
        return fail(kBadChunk);
    if (c == ';') {
        state_ = State::extension;
        // So that the bound of many short ones holds as well.
        if (++extensions_ > kMaxExtensions)
            fail(kTooLarge);
    } else if (c == '\r') {
        state_ = State::size_lf;
    } else {
        fail(kBadChunk);
    }
}

void ChunkDecoder::end_size() {
    if (remain_ == 0) {
        state_ = State::trailer_start;
        return;
    }
    if (remain_ > limit_ - total_)
        return fail(kTooLarge);
    total_ += remain_;
    state_ = State::data;
}

void ChunkDecoder::take_trailer(char c) {
    if (++trailers_ > kMaxTrailers)
        return fail(kHeaderTooLarge);
    switch (state_) {
        case State::trailer_start:
            if (c == '\r') {
                state_ = State::last_lf;
            } else if (is_token_character(c)) {
                state_ = State::trailer_name;
            } else {
                fail(kBadChunk);
            }
            return;
        case State::trailer_name:
            if (c == ':') {
                state_ = State::trailer_value;
            } else if (!is_token_character(c)) {
                fail(kBadChunk);
            }
            return;
        default:
            if (c == '\r') {
                state_ = State::trailer_lf;
            } else if (is_control(c) && c != '\t') {
                fail(kBadChunk);
            }
            return;
    }
}

}  // namespace tidegate::http
