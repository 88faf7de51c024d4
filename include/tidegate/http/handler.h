// What a server serves.
#pragma once

#include <tidegate/async/io_threads.h>
#include <tidegate/http/request.h>
#include <tidegate/http/response_writer.h>

#include <string>
#include <string_view>

namespace tidegate::http {

// A refusal by the server itself: the request never reached the handler.
struct Refusal {
    int status = 400;
    std::string_view code;     // "invalid_request", as in `x-tidegate-error`
    std::string_view message;  // one sentence for a person, without anything the client sent
    // The request as far as it was read, without body; null when its head was refused.
    const Request* request = nullptr;
};

struct RefusalAnswer {
    std::string header_lines;  // at least the content-type
    std::string body;
};

// One for all threads of a server: `handle` runs on the connection's thread, the others on any.
class Handler {
  public:
    virtual ~Handler() = default;

    // Answers one request. An exception, or a return without an answer, becomes 500 `internal`, or cuts a begun
    // answer.
    virtual async::Task<void> handle(const Request& request, ResponseWriter& writer,
                                     async::IoThread& thread) = 0;
    // Whether a path is answered even above the limits of connections and requests: health checks.
    virtual bool always_served(std::string_view path) const;
    // Gives a refusal the shape of the client's dialect. The default is `{"error":{"code":…,"message":…}}`.
    virtual RefusalAnswer refusal_answer(const Refusal& refusal) const;
};

}  // namespace tidegate::http
