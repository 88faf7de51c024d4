#include "http/transport.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace tidegate::http {
namespace {

// Drops the first `size` bytes of what is to be written.
void advance(Transport::Buffers& buffers, std::size_t size) {
    for (asio::const_buffer& buffer : buffers) {
        const std::size_t part = std::min(size, buffer.size());
        buffer += part;
        size -= part;
    }
}

// One buffer leaves by a cheaper system call than several do.
bool is_one(const Transport::Buffers& buffers) {
    return buffers[1].size() + buffers[2].size() == 0;
}

// What a plain and a TLS stream have in common.
template <class Stream>
class StreamTransport : public Transport {
  public:
    template <class... Args>
    explicit StreamTransport(Args&&... args) : stream_(std::forward<Args>(args)...) {}

    void start_read(char* to, std::size_t size, Reader& reader) override {
        stream_.async_read_some(
            asio::buffer(to, size),
            [&reader](boost::system::error_code error, std::size_t read) { reader.on_read(error, read); });
    }

    async::Task<Written> write(Buffers buffers, async::TimerWheel::Entry& stall, Duration patience) override {
        Written written;
        while (asio::buffer_size(buffers) > 0) {
            stall.arm_in(patience);
            const auto [error, size] = co_await write_some(buffers);
            written.size += size;
            written.error = error;
            if (error)
                break;
            advance(buffers, size);
        }
        co_return written;
    }

    void close() override {
        boost::system::error_code ignored;
        stream_.lowest_layer().close(ignored);
    }

    void reset() override {
        boost::system::error_code ignored;
        stream_.lowest_layer().set_option(Socket::linger(true, 0), ignored);
    }

  protected:
    Stream stream_;

  private:
    using Io = std::tuple<boost::system::error_code, std::size_t>;
    async::Task<Io> write_some(const Buffers& buffers) {
        if (is_one(buffers))
            co_return co_await stream_.async_write_some(buffers[0], async::as_tuple);
        co_return co_await stream_.async_write_some(buffers, async::as_tuple);
    }
};

class PlainTransport final : public StreamTransport<Socket> {
  public:
    explicit PlainTransport(Socket socket) : StreamTransport(std::move(socket)) {
        boost::system::error_code ignored;
        stream_.non_blocking(true, ignored);
    }

    async::Task<bool> handshake() override { co_return true; }

    Written write_now(Buffers& buffers) override {
        Written written;
        written.size = is_one(buffers) ? stream_.write_some(buffers[0], written.error)
                                       : stream_.write_some(buffers, written.error);
        if (written.error == asio::error::would_block)
            written.error.clear();
        advance(buffers, written.size);
        return written;
    }

    async::Task<> end_writing() override {
        boost::system::error_code ignored;
        stream_.shutdown(Socket::shutdown_send, ignored);
        co_return;
    }

    bool tls() const override { return false; }
};

class TlsTransport final : public StreamTransport<asio::ssl::stream<Socket>> {
  public:
    using StreamTransport::StreamTransport;

    async::Task<bool> handshake() override {
        const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, async::as_tuple);
        co_return !error;
    }

    // A record that is begun must be ended, whatever the socket takes.
    Written write_now(Buffers& /*buffers*/) override { return {}; }

    async::Task<> end_writing() override {
        SSL* ssl = stream_.native_handle();
        // As if the client had said its own goodbye: it is not waited for, and what it still sends can be read.
        SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
        co_await stream_.async_shutdown(async::as_tuple);
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN);
        boost::system::error_code ignored;
        stream_.lowest_layer().shutdown(Socket::shutdown_send, ignored);
    }

    bool tls() const override { return true; }
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(Socket socket) {
    return std::make_unique<PlainTransport>(std::move(socket));
}

std::unique_ptr<Transport> make_tls_transport(Socket socket, asio::ssl::context& context) {
    return std::make_unique<TlsTransport>(std::move(socket), context);
}

}  // namespace tidegate::http
