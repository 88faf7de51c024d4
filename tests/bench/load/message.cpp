#include "message.h"

#include <algorithm>
#include <charconv>

#include <strings.h>

namespace bench {

namespace {

constexpr std::size_t maximum_head = 64 << 10;

// The value of a header, empty if it is not there.
std::string_view header(std::string_view head, std::string_view name) {
    std::size_t at = head.find("\r\n");
    while (at != std::string_view::npos && at + 2 + name.size() < head.size()) {
        const std::string_view line = head.substr(at + 2);
        if (line[name.size()] == ':' && ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
            std::string_view value = line.substr(name.size() + 1);
            value = value.substr(0, value.find("\r\n"));
            value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
            return value;
        }
        at = head.find("\r\n", at + 2);
    }
    return {};
}

}  // namespace

void MessageReader::reset() {
    state_ = State::head;
    head_.clear();
    line_.clear();
    left_ = 0;
    closes_ = false;
}

int MessageReader::status() const {
    int code = 0;
    if (head_.starts_with("HTTP/1.") && head_.size() > 12)
        std::from_chars(head_.data() + 9, head_.data() + 12, code);
    return code;
}

std::size_t MessageReader::read(std::string_view data, std::string& body) {
    std::size_t taken = 0;
    if (state_ == State::head)
        taken = read_head(data);
    while (taken < data.size() && state_ != State::complete && state_ != State::failed &&
           state_ != State::head) {
        taken += read_body(data.substr(taken), body);
    }
    return taken;
}

std::size_t MessageReader::read_head(std::string_view data) {
    const std::size_t before = head_.size();
    head_.append(data.substr(0, maximum_head));
    const std::size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) {
        if (head_.size() > maximum_head)
            state_ = State::failed;
        return head_.size() - before;
    }
    head_.resize(end + 4);
    begin_body();
    return head_.size() - before;
}

void MessageReader::begin_body() {
    closes_ = ::strncasecmp(header(head_, "connection").data(), "close",
                            header(head_, "connection").empty() ? 0 : 5) == 0 &&
              !header(head_, "connection").empty();
    if (header(head_, "transfer-encoding").find("chunked") != std::string_view::npos) {
        state_ = State::chunk_size;
        return;
    }
    const std::string_view length = header(head_, "content-length");
    if (length.empty()) {  // a request without a body; an answer whose end is the connection's is refused
        state_ = status() == 0 ? State::complete : State::failed;
        return;
    }
    std::from_chars(length.data(), length.data() + length.size(), left_);
    state_ = left_ == 0 ? State::complete : State::fixed;
}

std::size_t MessageReader::read_body(std::string_view data, std::string& body) {
    if (state_ != State::fixed && state_ != State::chunk)
        return read_line(data);
    const std::size_t count = std::min(left_, data.size());
    body.append(data.substr(0, count));
    left_ -= count;
    if (left_ == 0)
        state_ = state_ == State::fixed ? State::complete : State::chunk_end;
    return count;
}

std::size_t MessageReader::read_line(std::string_view data) {
    const std::size_t end = data.find('\n');
    line_.append(data.substr(0, end));
    if (line_.size() > maximum_head)
        state_ = State::failed;
    if (end == std::string_view::npos)
        return data.size();
    if (line_.ends_with('\r'))
        line_.pop_back();
    end_line();
    line_.clear();
    return end + 1;
}

void MessageReader::end_line() {
    if (state_ == State::chunk_end) {
        state_ = line_.empty() ? State::chunk_size : State::failed;
    } else if (state_ == State::trailer) {
        if (line_.empty())
            state_ = State::complete;
    } else {
        const auto [end, error] = std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
        if (error != std::errc()) {
            state_ = State::failed;
        } else {
            state_ = left_ == 0 ? State::trailer : State::chunk;
        }
    }
}

}  // namespace bench
