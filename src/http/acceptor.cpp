#include "http/acceptor.h"

#include "http/session.h"

#include <tidegate/base/log.h>

#include <charconv>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tidegate::http {
namespace {

constexpr int kBatch = 64;  // accepted in one go, so that the thread's other connections get their turn
constexpr std::size_t kOverflow = 64;  // connections above the limit that may still ask for their health
constexpr Duration kPause = std::chrono::milliseconds{100};
constexpr Duration kLogEvery = std::chrono::seconds{1};

using asio::ip::tcp;

std::optional<tcp::endpoint> parse_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    std::string host(text.substr(0, colon));
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string::npos) {
        return std::nullopt;  // IPv6 without brackets
    }
    if (host == "localhost")
        host = "127.0.0.1";
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return std::nullopt;
    boost::system::error_code wrong;
    const asio::ip::address address = asio::ip::make_address(host, wrong);
    if (wrong)
        return std::nullopt;
    return tcp::endpoint(address, port);
}

std::string peer_of(const sockaddr_storage& storage) {
    if (storage.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
        return asio::ip::address_v4(ntohl(v4.sin_addr.s_addr)).to_string();
    }
    if (storage.ss_family != AF_INET6)
        return {};
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    const asio::ip::address_v6 address(bytes);
    if (address.is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address).to_string();
    return address.to_string();
}

// Counts one connection for as long as it lives.
class Counted {
  public:
    Counted(std::shared_ptr<Shared> shared, Shard& shard) : shared_(std::move(shared)), shard_(&shard) {
        shared_->opened(shard);
    }
    Counted(Counted&&) noexcept = default;
    ~Counted() {
        if (shared_)
            shared_->closed(*shard_);
    }

    Shared& shared() { return *shared_; }
    Shard& shard() { return *shard_; }

  private:
    std::shared_ptr<Shared> shared_;
    Shard* shard_;
};

struct Newcomer {
    Counted counted;
    Descriptor descriptor;
    std::string peer;
    bool overflow = false;
};

async::Task<> serve(std::unique_ptr<Newcomer> newcomer) {
    Shared& shared = newcomer->counted.shared();
    Shard& shard = newcomer->counted.shard();
    Socket socket(shard.thread.executor());
    if (shard.draining)
        co_return;
    boost::system::error_code error;
    const bool v6 = newcomer->peer.find(':') != std::string::npos;
    socket.assign(v6 ? tcp::v6() : tcp::v4(), newcomer->descriptor.get(), error);
    if (error)
        co_return;
    newcomer->descriptor.release();
    std::unique_ptr<Transport> transport =
        shard.tls ? make_tls_transport(std::move(socket), *shard.tls) : make_plain_transport(std::move(socket));
    Session session(shared, shard, std::move(transport), std::move(newcomer->peer), newcomer->overflow);
    co_await session.serve();
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    reset();
    number_ = other.release();
    return *this;
}

Descriptor::~Descriptor() {
    reset();
}

int Descriptor::release() {
    return std::exchange(number_, -1);
}

void Descriptor::reset() {
    if (number_ >= 0)
        ::close(number_);
    number_ = -1;
}

Result<std::shared_ptr<Acceptor>> Acceptor::open(const std::string& address, std::shared_ptr<Shared> shared) {
    const auto fail = [&](ErrorKind kind, const std::string& why) {
        return Error{kind, ErrorSource::gateway, fmt::format("cannot listen on \"{}\": {}", address, why)};
    };
    const std::optional<tcp::endpoint> endpoint = parse_address(address);
    if (!endpoint) {
        return fail(ErrorKind::invalid_input,
                    "an IP address and a port are wanted, as 127.0.0.1:8080 or [::1]:8080");
    }
    async::IoThread& thread = shared->shards.front()->thread;
    auto acceptor = std::make_shared<Acceptor>(std::move(shared), thread);
    auto& socket = acceptor->acceptor_;
    boost::system::error_code error;
    socket.open(endpoint->protocol(), error);
    if (!error)
        socket.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error)
        ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    if (!error)
        socket.bind(*endpoint, error);
    if (!error)
        socket.listen(4096, error);
    if (!error)
        socket.non_blocking(true, error);
    if (error) {
        const bool taken = error == boost::system::errc::address_in_use;
        return fail(taken ? ErrorKind::conflict : ErrorKind::unavailable, error.message());
    }
    acceptor->self_ = acceptor;
    return acceptor;
}

Acceptor::Acceptor(std::shared_ptr<Shared> shared, async::IoThread& thread)
    : shared_(std::move(shared)),
      thread_(thread),
      acceptor_(thread.executor()),
      reserve_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {
    pause_.emplace(thread.wheel(), [this] {
        paused_ = false;
        if (const std::shared_ptr<Acceptor> self = self_.lock())
            wait(self);
    });
}

void Acceptor::start(std::shared_ptr<Acceptor> self) {
    wait(std::move(self));
}

void Acceptor::stop_listening() {
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
}

void Acceptor::close() {
    pause_.reset();
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    reserve_.reset();
}

std::string Acceptor::address() const {
    boost::system::error_code error;
    const tcp::endpoint endpoint = acceptor_.local_endpoint(error);
    const std::string host = endpoint.address().to_string();
    return fmt::format(fmt::runtime(endpoint.address().is_v6() ? "[{}]:{}" : "{}:{}"), host, endpoint.port());
}

void Acceptor::wait(std::shared_ptr<Acceptor> self) {
    Acceptor& acceptor = *self;
    if (!acceptor.acceptor_.is_open())
        return;
    acceptor.acceptor_.async_wait(asio::socket_base::wait_read,
                                  [self = std::move(self)](boost::system::error_code error) mutable {
                                      if (error || !self->acceptor_.is_open())
                                          return;
                                      self->accept_all();
                                      if (!self->paused_)
                                          wait(std::move(self));
                                  });
}

void Acceptor::accept_all() {
    for (int i = 0; i < kBatch; ++i) {
        sockaddr_storage storage{};
        socklen_t size = sizeof storage;
        Descriptor socket(::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&storage), &size,
                                    SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket.valid()) {
            welcome(std::move(socket), peer_of(storage));
            continue;
        }
        const int error = errno;
        if (error == EAGAIN || error == EWOULDBLOCK || error == EINVAL)
            return;  // the last: nobody listens any more
        // The client was faster to leave, or the network failed for it alone.
        if (error == EINTR || error == ECONNABORTED || error == EPROTO)
            continue;
        return out_of_descriptors(error);
    }
}

void Acceptor::welcome(Descriptor socket, std::string peer) {
    Shard* least = shared_->shards.front().get();
    for (const auto& shard : shared_->shards) {
        if (shard->connections < least->connections)
            least = shard.get();
    }
    const std::size_t limit = shared_->shards.front()->limits.connections;
    const std::size_t open = shared_->counters.open;
    if (open >= limit + kOverflow)
        return turn_away(std::move(socket));
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto newcomer = std::make_unique<Newcomer>(
        Newcomer{Counted(shared_, *least), std::move(socket), std::move(peer), open >= limit});
    if (shared_->ending)
        return;  // after it was counted, so that nobody overlooks it
    asio::post(least->thread.executor(), [newcomer = std::move(newcomer)]() mutable {
        async::IoThread& thread = newcomer->counted.shard().thread;
        thread.tasks().spawn(serve(std::move(newcomer)));
    });
}

// As cheaply as can be: what fits into the socket's buffer, and gone.
void Acceptor::turn_away(Descriptor socket) {
    ++shared_->counters.overloaded;
    if (shared_->tls)
        return;
    constexpr std::string_view kAnswer =
        "HTTP/1.1 503 Service Unavailable\r\nx-tidegate-error: overloaded\r\nretry-after: 1\r\ncontent-length: "
        "0\r\n"
        "connection: close\r\n\r\n";
    [[maybe_unused]] const ssize_t sent =
        ::send(socket.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(socket.get(), SHUT_WR);
}

// The listening socket stays readable, so that without the pause the loop would spin.
void Acceptor::out_of_descriptors(int error) {
    ++shared_->counters.accept_errors;
    log_error(fmt::format("cannot accept connections: {}", ::strerrordesc_np(error)));
    if (error == EMFILE || error == ENFILE) {
        reserve_.reset();
        Descriptor unlucky(
            ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (unlucky.valid())
            turn_away(std::move(unlucky));
    }
    // `unlucky` is closed: its number is free for the reserve.
    if (!reserve_.valid())
        reserve_ = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    paused_ = true;
    if (pause_)
        pause_->arm_in(kPause);
}

void Acceptor::log_error(const std::string& message) {
    const SteadyTime now = thread_.clock().steady();
    if (last_logged_ != SteadyTime{} && now - last_logged_ < kLogEvery)
        return;
    last_logged_ = now;
    log::warn("http", "{}", message);
}

}  // namespace tidegate::http
