// One answer: status and fields at once, the body piece by piece as it arrives.
#pragma once

#include <tidegate/async/task.h>
#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace tidegate::upstream {

class Connection;

// Owns the connection. When it is destroyed the connection goes back to the pool if the body was read to its
// end, the server keeps it open, nothing came behind the body and nobody cancelled; else it is closed. Belongs
// to its I/O thread; not destroyed while a read is pending.
class Response {
  public:
    explicit Response(std::unique_ptr<Connection> connection);
    ~Response();
    Response(const Response&) = delete;
    Response& operator=(const Response&) = delete;

    int status() const;
    // The first field of that name, in any case; empty if there is none. Valid while the response lives.
    std::string_view header(std::string_view name) const;
    void for_each_header(const std::function<void(std::string_view name, std::string_view value)>& visit) const;

    // The next piece of the body, without its framing, as it came from the socket; empty at the end. Valid
    // until the next read. Errors: `unavailable` (cut off), `timeout` (idle or deadline), `cancelled`,
    // `malformed`. After an error every further read reports the same.
    async::Task<Result<std::string_view>> read();
    // Appends the whole rest of the body to `out`, behind which at least 64 more bytes are allocated (simdjson
    // reads there). Errors as for `read`, and `too_large` if `out` would grow by more than `limit` bytes.
    async::Task<Result<void>> read_all(std::string& out, std::size_t limit);
    // True if `read` would return at once. A relay may join such pieces in one write.
    bool readable() const;

    // In place of the request's total deadline. The idle timeout goes on besides.
    void set_deadline(SteadyTime deadline);

    // The connection had served before.
    bool reused() const;
    // Bytes of head and body as they came on the wire (decrypted), framing included.
    std::uint64_t bytes_received() const;

  private:
    std::unique_ptr<Connection> connection_;
};

}  // namespace tidegate::upstream
