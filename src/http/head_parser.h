// Beast's parser, kept to the head and made to allocate nothing.
#pragma once

#include <tidegate/http/request.h>

#include <string_view>
#include <vector>

#include <boost/beast/http/basic_parser.hpp>

namespace tidegate::http {

// Splits one complete head (that a HeadScanner let pass) into its fields. The views point into the head.
class HeadParser final : private boost::beast::http::basic_parser<true> {
  public:
    // False if Beast takes it for malformed. `fields` is overwritten.
    static bool parse(std::string_view head, std::string_view& target, std::vector<Field>& fields);

  private:
    using Code = boost::beast::error_code;
    using View = boost::beast::string_view;

    HeadParser(std::string_view& target, std::vector<Field>& fields) : target_(target), fields_(fields) {}

    void on_request_impl(boost::beast::http::verb verb, View method, View target, int version,
                         Code& error) override;
    void on_response_impl(int status, View reason, int version, Code& error) override;
    void on_field_impl(boost::beast::http::field known, View name, View value, Code& error) override;
    void on_header_impl(Code& error) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, Code& error) override;
    std::size_t on_body_impl(View bytes, Code& error) override;
    void on_chunk_header_impl(std::uint64_t size, View extensions, Code& error) override;
    std::size_t on_chunk_body_impl(std::uint64_t remain, View bytes, Code& error) override;
    void on_finish_impl(Code& error) override;

    std::string_view& target_;
    std::vector<Field>& fields_;
};

}  // namespace tidegate::http
