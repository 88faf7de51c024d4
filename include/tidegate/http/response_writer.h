// The way an answer leaves.
#pragma once

#include <tidegate/async/cancellation.h>
#include <tidegate/async/task.h>
#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::http {

// Either one `respond`, or `start_stream`, any number of `write`, and `finish`. Belongs to the request's I/O
// thread and lives as long as the handler. One call at a time: await each before the next (they may come from
// another task than the handler's own, as long as the handler outlives them).
//
// `header_lines` are whole lines ("content-type: text/plain\r\nx-a: b\r\n", see header_lines.h). The framing is
// ours: content-length, transfer-encoding, connection and date must not be among them. Lines that would break
// the framing fail with ErrorKind::internal; nothing of them is sent.
//
// Every error means that the client cannot be reached any more (ErrorKind::cancelled or timeout, source
// client), or a misuse (internal); a handler just returns then. Await each call where it is made: a part of
// what it does comes with the call, the rest with the await. What the arguments point to must live until that
// returns.
class ResponseWriter {
  public:
    virtual ~ResponseWriter() = default;

    // A whole answer, in one write. For HEAD the body is counted, not sent.
    virtual async::Task<Result<void>> respond(int status, std::string_view header_lines,
                                              std::string_view body) = 0;

    // Begins an answer of unknown length. Nothing is sent before the first write, heartbeat or finish.
    virtual Result<void> start_stream(int status, std::string_view header_lines) = 0;
    // One chunk; returns when the socket took it: back-pressure. Empty bytes send just the head, if it is still
    // kept.
    virtual async::Task<Result<void>> write(std::string_view bytes) = 0;
    // The last bytes (or none) and the end of the stream, in one write. A stream that is not finished is cut:
    // the connection closes without the last chunk, so that no client takes it for whole.
    virtual async::Task<Result<void>> finish(std::string_view last_bytes) = 0;
    async::Task<Result<void>> finish() { return finish({}); }

    // `bytes` are sent as a chunk whenever a started stream was silent for `interval` and no write is in
    // flight. Coarse: up to 100 ms late. Empty bytes end it.
    virtual void set_heartbeat(std::string bytes, Duration interval) = 0;

    // True as soon as an answer has begun (`respond` or `start_stream` was called).
    virtual bool started() const = 0;
    // True as soon as bytes of it were given to the socket: it is too late for another status.
    virtual bool head_sent() const = 0;
    // Fired with `client_gone` when the client left (EOF counts) or stalled, with `shutdown` at the drain
    // deadline; after the latter writes still work for a moment.
    virtual async::Cancellation& cancellation() = 0;
    // Of this answer, with head and framing.
    virtual std::uint64_t bytes_sent() const = 0;
};

}  // namespace tidegate::http
