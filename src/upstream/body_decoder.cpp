#include <tidegate/upstream/body_decoder.h>

#include <algorithm>

namespace tidegate::upstream {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

}  // namespace

BodyDecoder BodyDecoder::length(std::uint64_t bytes) {
    return bytes == 0 ? BodyDecoder(State::done) : BodyDecoder(State::length, bytes);
}

BodyDecoder BodyDecoder::chunked() {
    return BodyDecoder(State::size_first);
}

BodyDecoder BodyDecoder::until_close() {
    return BodyDecoder(State::until_close);
}

BodyDecoder::Status BodyDecoder::next(std::string_view& input, std::string_view& piece) {
    for (;;) {
        switch (state_) {
            case State::done:
                return Status::end;
            case State::broken:
                return Status::malformed;
            case State::until_close:
            case State::length:
            case State::chunk: {
                if (input.empty())
                    return Status::need_more;
                std::size_t size = input.size();
                if (state_ != State::until_close) {
                    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
                    left_ -= size;
                    if (left_ == 0)
                        state_ = state_ == State::length ? State::done : State::chunk_cr;
                }
                piece = input.substr(0, size);
                input.remove_prefix(size);
                return Status::data;
            }
            case State::size_first:
                if (take_size_line(input))
                    break;
                [[fallthrough]];
            default:
                if (input.empty())
                    return Status::need_more;
                state_ = step(input.front());
                input.remove_prefix(1);
        }
    }
}

// A size line as nearly all are: without extensions, and there as a whole.
bool BodyDecoder::take_size_line(std::string_view& input) {
    std::uint64_t size = 0;
    std::uint32_t digits = 0;
    while (digits < std::min<std::size_t>(input.size(), kMaxDigits)) {
        const int digit = hex_value(input[digits]);
        if (digit < 0)
            break;
        size = size * 16 + static_cast<std::uint64_t>(digit);
        ++digits;
    }
    if (digits == 0 || !input.substr(digits).starts_with("\r\n"))
        return false;
    input.remove_prefix(digits + 2);
    left_ = size;
    state_ = size > 0 ? State::chunk : State::trailer_first;
    return true;
}

// One byte of framing.
BodyDecoder::State BodyDecoder::step(char c) {
    switch (state_) {
        case State::size_first:
            return step_size(c, true);
        case State::size:
            return step_size(c, false);
        case State::extension:
            return step_extension(c);
        case State::size_lf:
            if (c != '\n')
                return State::broken;
            return left_ > 0 ? State::chunk : State::trailer_first;
        case State::chunk_cr:
            return c == '\r' ? State::chunk_lf : State::broken;
        case State::chunk_lf:
            return c == '\n' ? State::size_first : State::broken;
        case State::trailer_first:
            return c == '\r' ? State::end_lf : step_trailer(c);
        case State::trailer:
            return c == '\r' ? State::trailer_lf : step_trailer(c);
        case State::trailer_lf:
            return c == '\n' ? State::trailer_first : State::broken;
        case State::end_lf:
            return c == '\n' ? State::done : State::broken;
        default:
            return State::broken;
    }
}

BodyDecoder::State BodyDecoder::step_size(char c, bool first) {
    if (first) {
        left_ = 0;
        digits_ = 0;
        extension_ = 0;
    }
    if (const int digit = hex_value(c); digit >= 0) {
        // Leading zeros count, so that the line is bounded.
        if (++digits_ > kMaxDigits)
            return State::broken;
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        return State::size;
    }
    if (first)
        return State::broken;
    if (c == '\r')
        return State::size_lf;
    if (c == ';' || c == ' ' || c == '\t')
        return step_extension(c);
    return State::broken;
}

// Extensions are read over (RFC 9112, 7.1.1). A line feed alone must not end them: others would read on.
BodyDecoder::State BodyDecoder::step_extension(char c) {
    if (c == '\r')
        return State::size_lf;
    if (is_control(c) || ++extension_ > kMaxExtension || ++extensions_ > kMaxExtensions)
        return State::broken;
    return State::extension;
}

BodyDecoder::State BodyDecoder::step_trailer(char c) {
    if (is_control(c) || ++trailers_ > kMaxTrailers)
        return State::broken;
    return State::trailer;
}

}  // namespace tidegate::upstream
