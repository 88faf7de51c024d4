#include "upstream/response_head.h"

#include <tidegate/base/text.h>

#include <charconv>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace tidegate::upstream {

namespace beast = boost::beast;
namespace http = boost::beast::http;

HeadScanner::Status HeadScanner::scan(std::string_view input) {
    for (;;) {
        const std::size_t end = input.find('\n', seen_);
        const std::string_view fresh = input.substr(seen_, end == std::string_view::npos ? end : end - seen_);
        if (fresh.find('\0') != std::string_view::npos)
            return Status::malformed;
        // A line that begins with white space continues the one before (obs-fold).
        const bool folded = line_ < input.size() && (input[line_] == ' ' || input[line_] == '\t');
        if (folded)
            return Status::malformed;
        if (end == std::string_view::npos)
            break;
        if (end == line_ || input[end - 1] != '\r')
            return Status::malformed;
        const bool empty = end == line_ + 1;
        seen_ = line_ = end + 1;
        if (empty) {
            size_ = line_;
            return Status::complete;
        }
    }
    seen_ = input.size();
    return Status::need_more;
}

// Beast tells fields as views of the input, so nothing is allocated a field.
class HeadParser final : public http::basic_parser<false> {
  public:
    explicit HeadParser(ResponseHead& head) : head_(head) {}

  private:
    using string_view = beast::string_view;

    void on_request_impl(http::verb, string_view, string_view, int, beast::error_code& error) override {
        error = http::error::bad_version;
    }
    void on_response_impl(int code, string_view, int version, beast::error_code&) override {
        head_.status_ = code;
        head_.version_ = version;
    }
    void on_field_impl(http::field, string_view name, string_view value, beast::error_code& error) override {
        const char* begin = head_.text_.data();
        const char* end = begin + head_.text_.size();
        const bool inside = name.data() >= begin && name.data() + name.size() <= end &&
                            (value.empty() || (value.data() >= begin && value.data() + value.size() <= end));
        if (!inside || head_.fields_.size() == ResponseHead::kMaxFields) {
            error = http::error::bad_field;
            return;
        }
        const auto at = [&](string_view part) {
            return part.empty() ? 0U : static_cast<std::uint32_t>(part.data() - begin);
        };
        head_.fields_.push_back({at(name), static_cast<std::uint32_t>(name.size()), at(value),
                                 static_cast<std::uint32_t>(value.size())});
    }
    void on_header_impl(beast::error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
    std::size_t on_body_impl(string_view, beast::error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, string_view, beast::error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view, beast::error_code&) override { return 0; }
    void on_finish_impl(beast::error_code&) override {}

    ResponseHead& head_;
};

bool ResponseHead::parse(std::string_view head, bool head_request) {
    text_.assign(head);
    fields_.clear();
    status_ = version_ = 0;
    body_ = BodyDecoder();
    keep_alive_ = false;
    problem_ = {};
    HeadParser parser(*this);
    parser.header_limit(static_cast<std::uint32_t>(text_.size() + 1));
    parser.body_limit(boost::none);
    parser.skip(true);
    beast::error_code error;
    parser.put(boost::asio::buffer(text_), error);
    if (error == http::error::need_more)
        return fail("incomplete head");
    if (error)
        return fail("bad head");
    if (!parser.is_header_done())
        return fail("incomplete head");
    if (status_ < 100 || status_ > 599)
        return fail("bad status");
    return read_framing(head_request);
}

std::string_view ResponseHead::header(std::string_view wanted) const {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        if (equals_ignoring_case(name(i), wanted))
            return value(i);
    }
    return {};
}

// RFC 9112, 6.3, without its leniences: whatever two readers could read differently is refused.
bool ResponseHead::read_framing(bool head_request) {
    bool has_length = false;
    bool is_chunked = false;
    bool close = version_ == 10;
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        const std::string_view field = name(i);
        const std::string_view text = value(i);
        if (equals_ignoring_case(field, "content-length")) {
            if (has_length)
                return fail("two content-length fields");
            has_length = true;
            // from_chars alone would take "1x".
            const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), length);
            const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
            if (!digits || failure != std::errc{} || length > (std::uint64_t{1} << 62))
                return fail("bad content-length");
        } else if (equals_ignoring_case(field, "transfer-encoding")) {
            if (is_chunked)
                return fail("two transfer-encoding fields");
            if (version_ != 11 || !equals_ignoring_case(text, "chunked"))
                return fail("unknown transfer-encoding");
            is_chunked = true;
        } else if (equals_ignoring_case(field, "content-encoding")) {
            if (!text.empty() && !equals_ignoring_case(text, "identity"))
                return fail("compressed, which was not asked for");
        } else if (equals_ignoring_case(field, "connection")) {
            if (to_lower(text).find("close") != std::string::npos)
                close = true;
        }
    }
    if (has_length && is_chunked)
        return fail("both content-length and transfer-encoding");
    if (status_ == 101)
        return fail("protocol switched, which was not asked for");
    keep_alive_ = !close;
    if (interim() || status_ == 204 || status_ == 304 || head_request)
        return true;
    if (is_chunked) {
        body_ = BodyDecoder::chunked();
    } else if (has_length) {
        body_ = BodyDecoder::length(length);
    } else {
        body_ = BodyDecoder::until_close();
        keep_alive_ = false;
    }
    return true;
}

bool ResponseHead::fail(std::string_view problem) {
    problem_ = problem;
    return false;
}

}  // namespace tidegate::upstream
