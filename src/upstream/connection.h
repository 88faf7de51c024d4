// One connection and the exchange on it: dial, send, read the head, read the body.
#pragma once

#include "upstream/resolver.h"
#include "upstream/response_head.h"

#include <tidegate/async/cancellation.h>
#include <tidegate/async/timer_wheel.h>
#include <tidegate/upstream/client.h>

#include <array>
#include <memory>
#include <optional>
#include <tuple>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace tidegate::upstream {

// Bytes that came and were not yet taken. Its memory is borrowed from the thread for the time of an exchange.
struct ReadBuffer {
    static constexpr std::size_t kSize = 32'768;

    std::unique_ptr<char[]> memory;
    std::size_t capacity = 0;
    std::size_t begin = 0;
    std::size_t end = 0;

    std::string_view view() const { return {memory.get() + begin, end - begin}; }
    bool empty() const { return begin == end; }
};

// Belongs to its I/O thread. Every failure of an exchange is kept; the connection is not used again after one.
class Connection {
  public:
    using Socket = asio::basic_stream_socket<asio::ip::tcp, async::Executor>;

    Connection(std::shared_ptr<ClientState> state, std::shared_ptr<const Endpoint> endpoint);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // One exchange, in this order. False: `failure` says why. `begin` makes the connection hear the
    // cancellation.
    void begin(const Request& request, async::Cancellation& cancellation);
    async::Task<bool> open();
    async::Task<bool> send(const Request& request);
    async::Task<bool> read_head(const Request& request);
    Failure failure() const;

    // The body of the answer, as Response has it.
    async::Task<Result<std::string_view>> read_body();
    // The same of what has come already; nothing if that is nothing.
    std::optional<Result<std::string_view>> body_at_hand();
    bool readable() const;
    // The last piece was read, and nothing went wrong.
    bool body_finished() const { return body_.done() && !error_ && stop_ == Stop::none; }
    void fail_body(Error error);
    void set_deadline(SteadyTime deadline);
    const ResponseHead& head() const { return head_; }
    std::uint64_t body_expected() const { return body_.expected(); }
    bool reused() const { return reused_; }
    std::uint64_t bytes_received() const { return received_; }

    // The exchange is over: nothing is heard, nothing is timed. True if another may follow on this connection.
    bool finish();
    // An idle connection: is it as it was left, and young enough?
    bool usable(SteadyTime now, Duration max_age) const;
    // Closed by the pool at that time.
    void park(SteadyTime until);

    const Endpoint& endpoint() const { return *endpoint_; }
    const std::shared_ptr<ClientState>& state() const { return state_; }
    const asio::ip::address& address() const { return address_; }
    bool is_open() const { return socket_.is_open(); }
    void use(std::shared_ptr<const Endpoint> endpoint) { endpoint_ = std::move(endpoint); }

    std::uint64_t generation = 0;  // of the host record when the address was last seen in it

  private:
    enum class Stop { none, cancelled, timed_out };
    // How one read or write ended.
    using Io = std::tuple<boost::system::error_code, std::size_t>;
    using Parts = std::array<asio::const_buffer, 2>;

    // dialing.cpp
    async::Task<bool> resolve(const std::string& host, SteadyTime deadline,
                              std::vector<asio::ip::address>& addresses);
    async::Task<bool> connect(const std::vector<asio::ip::address>& addresses, std::uint16_t port,
                              SteadyTime deadline);
    bool permit(std::vector<asio::ip::address>& addresses);
    async::Task<bool> ask_proxy();
    async::Task<bool> handshake();

    // Awaited where it is called, in that frame.
    auto read_some(asio::mutable_buffer into) {
        const auto start = [this](auto handler, asio::mutable_buffer where) {
            if (tls_) {
                tls_->async_read_some(where, std::move(handler));
            } else {
                socket_.async_read_some(where, std::move(handler));
            }
        };
        using Signature = void(boost::system::error_code, std::size_t);
        return asio::async_initiate<decltype(async::as_tuple), Signature>(start, async::as_tuple, into);
    }
    // What the socket takes at once, off the front of `parts`.
    boost::system::error_code write_now(Parts& parts);
    async::Task<Io> write_some(const Parts& parts);
    async::Task<boost::system::error_code> write_all(Parts parts);
    async::Task<bool> fill(std::size_t limit);
    void render(std::string& out, const Request& request) const;
    void arm(SteadyTime deadline);
    void expired();
    void stop(Stop reason);
    bool fail(Error error);
    bool fail_io(const boost::system::error_code& error);
    bool fail_malformed(std::string_view problem);
    std::string where() const;

    std::shared_ptr<ClientState> state_;
    std::shared_ptr<const Endpoint> endpoint_;
    Socket socket_;
    std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
    async::TimerWheel::Entry timer_;
    Timer signal_;  // what a wait for the resolver ends by
    std::optional<async::Cancellation::Listener> listener_;
    asio::ip::address address_;
    SteadyTime opened_{};
    bool idle_ = false;

    // Of the exchange:
    ReadBuffer buffer_;
    ResponseHead head_;
    BodyDecoder body_;
    Phase phase_ = Phase::connect;
    Stop stop_ = Stop::none;
    std::optional<Error> error_;
    SteadyTime total_ = SteadyTime::max();
    Duration idle_limit_{};
    std::uint64_t received_ = 0;
    bool soft_ = false;     // at the armed deadline only the pending step ends: one address of several, an old
                            // answer at hand
    bool reading_ = false;  // a read of the body is pending
    bool sent_whole_ = false;
    bool reused_ = false;
    bool any_bytes_ = false;
    bool head_done_ = false;
    bool served_ = false;
};

}  // namespace tidegate::upstream
