#include "http/head_parser.h"

#include <boost/asio/buffer.hpp>

namespace tidegate::http {

bool HeadParser::parse(std::string_view head, std::string_view& target, std::vector<Field>& fields) {
    fields.clear();
    HeadParser parser(target, fields);
    parser.header_limit(static_cast<std::uint32_t>(head.size() + 1));
    parser.body_limit(boost::none);
    parser.skip(true);  // the body is not its business
    Code error;
    const std::size_t taken = parser.put(boost::asio::buffer(head.data(), head.size()), error);
    return !error && taken == head.size() && parser.is_header_done();
}

void HeadParser::on_request_impl(boost::beast::http::verb, View, View target, int, Code&) {
    target_ = {target.data(), target.size()};
}

void HeadParser::on_field_impl(boost::beast::http::field, View name, View value, Code&) {
    fields_.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
}

void HeadParser::on_response_impl(int, View, int, Code&) {}
void HeadParser::on_header_impl(Code&) {}
void HeadParser::on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) {}
std::size_t HeadParser::on_body_impl(View bytes, Code&) {
    return bytes.size();
}
void HeadParser::on_chunk_header_impl(std::uint64_t, View, Code&) {}
std::size_t HeadParser::on_chunk_body_impl(std::uint64_t, View bytes, Code&) {
    return bytes.size();
}
void HeadParser::on_finish_impl(Code&) {}

}  // namespace tidegate::http
