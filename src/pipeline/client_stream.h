// Released events of an attempt on their way to the client's connection, and to those who wait for the same.
#pragma once

#include <tidegate/cache/flights.h>
#include <tidegate/calls/attempt.h>

#include <string>

namespace tidegate::http {
class ResponseWriter;
}

namespace tidegate::pipeline {

class Exchange;

class ClientStream final : public calls::EventSink {
  public:
    explicit ClientStream(Exchange& exchange);

    void begin(std::string_view header_lines) override;
    async::Task<Result<void>> write(std::string_view bytes) override;

  private:
    Exchange& exchange_;
    // Of the exchange, together: what a chunk looks at.
    http::ResponseWriter& writer_;
    cache::Lead* lead_ = nullptr;          // null: nobody shares the answer
    events::Content* streamed_ = nullptr;  // null: no shadow wants it
};

// Who answers, for those that share the answer.
cache::Origin origin_of(const Exchange& exchange);

// The head of a stream: what every event stream says, the decision, and `header_lines`.
std::string stream_headers(const Exchange& exchange, std::string_view header_lines);

}  // namespace tidegate::pipeline
