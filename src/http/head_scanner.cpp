#include "http/head_scanner.h"

#include "http/characters.h"

#include <optional>

namespace tidegate::http {
namespace {

std::optional<Method> known_method(std::string_view name) {
    for (const Method method : {Method::get, Method::post, Method::put, Method::patch, Method::delete_,
                                Method::head, Method::options}) {
        if (name == to_string(method))
            return method;
    }
    return std::nullopt;
}

// "HTTP/2", "HTTP/3.0": some version, but none of ours.
bool is_other_version(std::string_view text) {
    if (!text.starts_with("HTTP/") || text.size() == 5)
        return false;
    for (const char c : text.substr(5)) {
        if (!is_digit(c) && c != '.')
            return false;
    }
    return true;
}

// What the longest method and the version add to a target, generously.
constexpr std::size_t kRequestLineRest = 64;

}  // namespace

HeadScanner::State HeadScanner::scan(std::string_view input, const Limits& limits) {
    if (refused_)
        return State::refused;
    const bool full = input.size() >= limits.header;
    const std::string_view window = input.substr(0, limits.header);
    const std::size_t longest_first_line = limits.target + kRequestLineRest;
    for (;;) {
        const std::size_t at = find_control(window, position_);
        position_ = at;
        if (lines_ == 0 && at > longest_first_line)
            return refuse_with(kUriTooLong);
        if (at == window.size())
            break;
        const char c = window[at];
        if (c == '\t' && lines_ > 0) {
            ++position_;
            // Judged by its own byte, not by how much of the line is there.
            if (at == line_start_)
                return refuse_with(refuse("A header field is folded over several lines."));
            continue;
        }
        if (c != '\r')
            return refuse_with(refuse("The head contains a control character or a bare line feed."));
        if (at + 1 == window.size())
            break;
        if (window[at + 1] != '\n')
            return refuse_with(refuse("The head contains a bare carriage return."));
        position_ = at + 2;
        const std::string_view line = window.substr(line_start_, at - line_start_);
        const State state = end_line(line, limits);
        line_start_ = position_;
        if (state != State::more)
            return state;
    }
    if (full)
        return refuse_with(kHeaderTooLarge);
    return State::more;
}

HeadScanner::State HeadScanner::refuse_with(const Refused& refused) {
    refused_ = refused;
    return State::refused;
}

HeadScanner::State HeadScanner::end_line(std::string_view line, const Limits& limits) {
    if (lines_ == 0) {
        ++lines_;
        const Refused refused = judge_request_line(line, limits);
        return refused ? refuse_with(refused) : State::more;
    }
    if (line.empty())
        return State::complete;
    if (line.front() == ' ')
        return refuse_with(refuse("A header field is folded over several lines."));
    if (lines_ > limits.fields)
        return refuse_with(kHeaderTooLarge);
    ++lines_;
    return State::more;
}

Refused HeadScanner::judge_request_line(std::string_view line, const Limits& limits) {
    const std::size_t first = line.find(' ');
    if (first == std::string_view::npos || !is_token(line.substr(0, first))) {
        return refuse("The request line is malformed.");
    }
    const std::size_t second = line.find(' ', first + 1);
    if (second == std::string_view::npos)
        return kVersion;  // HTTP/0.9
    const std::string_view name = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, second - first - 1);
    const std::string_view version = line.substr(second + 1);
    if (target.empty())
        return refuse("The request line is malformed.");
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return is_other_version(version) ? kVersion : refuse("The request line is malformed.");
    }
    http_1_0_ = version == "HTTP/1.0";
    const std::optional<Method> method = known_method(name);
    if (!method)
        return kMethod;
    method_ = *method;
    if (target.size() > limits.target)
        return kUriTooLong;
    return {};
}

}  // namespace tidegate::http
