// The bytes below a session: a plain socket, or TLS over one.
#pragma once

#include <tidegate/async/task.h>
#include <tidegate/async/timer_wheel.h>

#include <array>
#include <cstddef>
#include <memory>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

namespace tidegate::http {

namespace asio = boost::asio;
using Socket = asio::basic_stream_socket<asio::ip::tcp, async::Executor>;

// Belongs to one I/O thread. One read and one write at a time, each beside the other. Must not be destroyed
// while either is in flight, unless its io_context is.
class Transport {
  public:
    class Reader {
      public:
        // `size` 0 with an error: the end, whether orderly or not.
        virtual void on_read(boost::system::error_code error, std::size_t size) = 0;

      protected:
        ~Reader() = default;
    };
    using Buffers = std::array<asio::const_buffer, 3>;  // sent in order; empty ones are skipped
    struct Written {
        boost::system::error_code error;
        std::size_t size = 0;
    };

    virtual ~Transport() = default;

    // Nothing to do for a plain socket.
    virtual async::Task<bool> handshake() = 0;
    // Calls `reader` once, never from within this call.
    virtual void start_read(char* to, std::size_t size, Reader& reader) = 0;
    // What the connection takes at once, off the front of `buffers`; no error if that is nothing. Not beside
    // `write`.
    virtual Written write_now(Buffers& buffers) = 0;
    // All of it, or an error. `stall` is armed anew with `patience` whenever the client took something.
    virtual async::Task<Written> write(Buffers buffers, async::TimerWheel::Entry& stall, Duration patience) = 0;
    // Tells the client that nothing more will come.
    virtual async::Task<> end_writing() = 0;
    // Ends every operation in flight with an error.
    virtual void close() = 0;
    // Makes the coming `close` an abortive one, which no client takes for an orderly end.
    virtual void reset() = 0;
    virtual bool tls() const = 0;
};

std::unique_ptr<Transport> make_plain_transport(Socket socket);
std::unique_ptr<Transport> make_tls_transport(Socket socket, asio::ssl::context& context);

}  // namespace tidegate::http
