#include "simulator/connection.h"

#include <memory>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

namespace tidegate::simulator {
namespace {

namespace asio = async::asio;
namespace http = boost::beast::http;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, async::Executor>;

constexpr std::size_t kMostBody = 64U << 20U;
constexpr std::size_t kMergedWrite = 16U << 10U;  // steps without a wait between them leave together

bool peer_left(Socket& socket) {
    char byte = 0;
    const auto got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

// Waits, unless the client leaves first: one socket, one timer, one request at a time.
class Pause {
  public:
    explicit Pause(Socket& socket)
        : socket_(socket), shared_(std::make_shared<Shared>(socket.get_executor())) {}
    ~Pause() {
        shared_->over = true;
        boost::system::error_code ignored;
        socket_.cancel(ignored);
    }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

    // False if the client left.
    async::Task<bool> wait(Duration duration) {
        watch();
        if (shared_->gone)
            co_return false;
        shared_->timer.expires_after(duration);
        co_await shared_->timer.async_wait(async::as_tuple);
        co_return !shared_->gone;
    }

  private:
    // Outlives the pause as long as the socket still owes its answer.
    struct Shared {
        explicit Shared(const async::Executor& executor) : timer(executor) {}
        Timer timer;
        bool gone = false;
        bool over = false;
    };

    void watch() {
        if (watching_)
            return;
        watching_ = true;
        Socket* const socket = &socket_;
        socket_.async_wait(Socket::wait_read, [shared = shared_, socket](boost::system::error_code error) {
            // Bytes instead of the end are the next request: those stay, and nobody watches any more.
            if (shared->over || error || !peer_left(*socket))
                return;
            shared->gone = true;
            shared->timer.cancel();
        });
    }

    Socket& socket_;
    std::shared_ptr<Shared> shared_;
    bool watching_ = false;
};

std::string head_of(const Script& script, bool keep_alive) {
    std::string head = fmt::format(
        "HTTP/1.1 {} {}\r\nserver: tidegate-simulator\r\n", script.status,
        std::string_view(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(script.status)))));
    for (const auto& [name, value] : script.headers) head += fmt::format("{}: {}\r\n", name, value);
    if (script.stream) {
        head += "transfer-encoding: chunked\r\n";
    } else {
        head += fmt::format("content-length: {}\r\n", script.length);
    }
    head += keep_alive ? "connection: keep-alive\r\n\r\n" : "connection: close\r\n\r\n";
    return head;
}

void append_step(std::string& out, const Script& script, const Step& step) {
    if (script.stream) {
        if (!step.bytes.empty())
            out += fmt::format("{:x}\r\n{}\r\n", step.bytes.size(), step.bytes);
    } else {
        out += step.bytes;
    }
}

async::Task<bool> send(Socket& socket, std::string& out) {
    if (out.empty())
        co_return true;
    const auto [error, sent] = co_await asio::async_write(socket, asio::buffer(out), async::as_tuple);
    out.clear();
    co_return !error;
}

void reset(Socket& socket) {
    boost::system::error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
}

enum class Played { whole, ended, abandoned };

// Steps that need no wait between them are gathered in `out`, so that an answer without pace is one write.
async::Task<Played> play(Socket& socket, const Script& script, bool keep_alive) {
    Pause pause(socket);
    if (script.latency > Duration::zero()) {
        const bool here = co_await pause.wait(script.latency);
        if (!here)
            co_return Played::abandoned;
    }
    std::string out;
    if (script.head)
        out = head_of(script, keep_alive);
    for (const Step& step : script.steps) {
        if (!script.head)
            break;
        const bool single = step.bytes.size() < 16;  // sliced: each on its own
        if (step.wait > Duration::zero() || out.size() > kMergedWrite || single) {
            const bool sent = co_await send(socket, out);
            if (!sent)
                co_return Played::abandoned;
        }
        if (step.wait > Duration::zero()) {
            const bool here = co_await pause.wait(step.wait);
            if (!here)
                co_return Played::abandoned;
        }
        append_step(out, script, step);
    }
    if (script.ending == Ending::complete && script.stream)
        out += "0\r\n\r\n";
    const bool sent = co_await send(socket, out);
    if (!sent)
        co_return Played::abandoned;
    if (script.ending == Ending::hang) {
        bool here = true;
        while (here) here = co_await pause.wait(std::chrono::hours{1});
        co_return Played::abandoned;
    }
    if (script.ending == Ending::reset) {
        // What was sent shall arrive: a reset discards what the other side has not read.
        if (script.head)
            co_await pause.wait(std::chrono::milliseconds{20});
        reset(socket);
        co_return Played::ended;
    }
    co_return script.ending == Ending::complete ? Played::whole : Played::ended;
}

using Parser = http::request_parser<http::string_body>;

// Nothing if there is no further request.
async::Task<bool> read_request(Socket& socket, boost::beast::flat_buffer& buffer, Parser& parser) {
    const auto [head_error, head_size] =
        co_await http::async_read_header(socket, buffer, parser, async::as_tuple);
    if (head_error)
        co_return false;
    if (parser.get()[http::field::expect] == "100-continue") {
        std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        const bool sent = co_await send(socket, go_on);
        if (!sent)
            co_return false;
    }
    const auto [error, size] = co_await http::async_read(socket, buffer, parser, async::as_tuple);
    co_return !error;
}

Received received_from(http::request<http::string_body> message) {
    Received received;
    received.method = std::string(message.method_string());
    received.target = std::string(message.target());
    for (const auto& field : message) received.headers.emplace_back(field.name_string(), field.value());
    received.body = std::move(message.body());
    return received;
}

}  // namespace

async::Task<> serve_connection(Socket socket, Provider& provider) {
    Statistics& statistics = provider.statistics();
    boost::system::error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    boost::beast::flat_buffer buffer;
    bool keep = true;
    while (keep) {
        Parser parser;
        parser.body_limit(kMostBody);
        parser.header_limit(64U << 10U);
        const bool read = co_await read_request(socket, buffer, parser);
        if (!read)
            break;
        keep = parser.keep_alive();
        const Received received = received_from(parser.release());
        const Script script = provider.answer(received);
        ++statistics.in_flight;
        const Played played = co_await play(socket, script, keep);
        --statistics.in_flight;
        if (played == Played::whole)
            ++statistics.answered;
        if (played == Played::abandoned)
            ++statistics.abandoned;
        keep = keep && played == Played::whole;
    }
    socket.shutdown(asio::socket_base::shutdown_both, ignored);
    socket.close(ignored);
}

}  // namespace tidegate::simulator
