// Why a body is refused, in words that help the client: only read when something is wrong.
#include "parsed_request.h"

#include <fmt/format.h>

namespace tidegate::dialect::detail {
namespace {

// The offset of the first byte that is not UTF-8.
std::size_t first_invalid_utf8(std::string_view body) {
    std::size_t good = 0;
    std::size_t step = body.size();
    // The longest valid prefix, by halving: a prefix that cuts a character is invalid as well, hence the last
    // bytes one by one.
    while (step > 0) {
        if (good + step <= body.size() && simdjson::validate_utf8(body.data(), good + step)) {
            good += step;
        } else {
            step /= 2;
        }
    }
    return good;
}

}  // namespace

std::string describe(simdjson::error_code code, std::string_view body) {
    if (body.starts_with("\xef\xbb\xbf"))
        return "the body begins with a byte order mark";
    switch (code) {
        case simdjson::EMPTY:
            return "the body is empty";
        case simdjson::DEPTH_ERROR:
            return fmt::format("the body is nested deeper than {} levels", kMaximumDepth);
        case simdjson::UTF8_ERROR:
            return fmt::format("the body is not valid UTF-8 near byte {}", first_invalid_utf8(body));
        case simdjson::STRING_ERROR:
        case simdjson::UNESCAPED_CHARS:
            return "the body is not valid JSON: a string has a wrong escape, a lone surrogate or a control "
                   "character";
        case simdjson::NUMBER_ERROR:
            return "the body is not valid JSON: a number is malformed or beyond 64 bits";
        case simdjson::UNCLOSED_STRING:
            return "the body is not valid JSON: a string does not end";
        case simdjson::CAPACITY:
        case simdjson::MEMALLOC:
            return "the body is too large";
        default:
            return "the body is not valid JSON: commas, brackets or words are wrong";
    }
}

}  // namespace tidegate::dialect::detail
