// Bodies with the readable bytes behind them that parsers want.
#pragma once

#include <tidegate/dialect/request_view.h>

#include <memory>
#include <string>
#include <string_view>

namespace tidegate::dialect {

class Padded {
  public:
    explicit Padded(std::string_view text) : x_bytes(text), x_size(text.size()) {
        x_bytes.append(kBodyPadding, '#');
    }
    std::string_view view() const { return std::string_view(x_bytes).substr(0, x_size); }

  private:
    std::string x_bytes;
    std::size_t x_size;
};

// A request that was read, with all that its view needs.
class ReadRequest {
  public:
    ReadRequest(Format format, std::string_view body, Operation operation = Operation::chat)
        : x_body(body), x_view(RequestView::read(format, operation, x_body.view(), x_parser)) {}

    bool good() const { return x_view.has_value(); }
    const RequestView& view() const { return x_view.value(); }
    std::string error() const { return x_view ? "" : x_view.error().message; }

  private:
    BodyParser x_parser;
    Padded x_body;
    Result<RequestView> x_view;
};

}  // namespace tidegate::dialect
