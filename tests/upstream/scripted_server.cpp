#include "upstream/scripted_server.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tidegate::upstream::test {

void Event::set() {
    const std::lock_guard lock(state_->mutex);
    state_->set = true;
    state_->changed.notify_all();
}

bool Event::wait() {
    const auto state = state_;
    std::unique_lock lock(state->mutex);
    return state->changed.wait_for(lock, std::chrono::seconds{20}, [&state] { return state->set; });
}

Peer::Peer(int fd, ssl_ctx_st* tls) : fd_(fd) {
    if (tls == nullptr)
        return;
    tls_ = SSL_new(tls);
    SSL_set_fd(tls_, fd);
}

Peer::~Peer() {
    if (tls_ != nullptr)
        SSL_free(tls_);
    ERR_clear_error();
}

long Peer::read_some() {
    char bytes[16'384];
    const long got =
        tls_ != nullptr ? SSL_read(tls_, bytes, sizeof bytes) : ::recv(fd_, bytes, sizeof bytes, 0);
    if (got > 0)
        input_.append(bytes, static_cast<std::size_t>(got));
    return got;
}

std::string Peer::request() {
    std::size_t end = input_.find("\r\n\r\n");
    while (end == std::string::npos) {
        if (read_some() <= 0)
            return {};
        end = input_.find("\r\n\r\n");
    }
    std::size_t size = end + 4;
    const std::size_t length = input_.find("content-length: ");
    if (length < end)
        size += std::strtoul(input_.c_str() + length + 16, nullptr, 10);
    while (input_.size() < size) {
        if (read_some() <= 0)
            return {};
    }
    std::string request = input_.substr(0, size);
    input_.erase(0, size);
    return request;
}

std::string Peer::until_closed() {
    while (read_some() > 0) {
    }
    return std::move(input_);
}

bool Peer::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const long sent = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                          : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void Peer::close() {
    if (tls_ != nullptr)
        SSL_shutdown(tls_);
    ::shutdown(fd_, SHUT_WR);
}

void Peer::cut() {
    ::shutdown(fd_, SHUT_RDWR);
}

bool Peer::secure_from_here(ssl_ctx_st* tls) {
    tls_ = SSL_new(tls);
    SSL_set_fd(tls_, fd_);
    return SSL_accept(tls_) == 1;
}

void Peer::reset() {
    // Disconnecting a TCP socket sends a reset at once, and keeps the descriptor ours.
    sockaddr unspecified{};
    unspecified.sa_family = AF_UNSPEC;
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::connect(fd_, &unspecified, sizeof unspecified);
}

ScriptedServer::ScriptedServer(Script script, ssl_ctx_st* tls, std::string address, std::uint16_t port)
    : script_(std::move(script)), tls_(tls) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &where.sin_addr);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    socklen_t size = sizeof where;
    const bool good = ::bind(listener_, reinterpret_cast<sockaddr*>(&where), size) == 0 &&
                      ::listen(listener_, 128) == 0 &&
                      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size) == 0;
    if (!good)
        throw std::runtime_error("cannot listen on " + address);
    port_ = ntohs(where.sin_port);
    acceptor_ = std::thread([this] { serve(); });
}

ScriptedServer::~ScriptedServer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        ::shutdown(listener_, SHUT_RDWR);
        for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
}

std::string ScriptedServer::url(std::string_view host) const {
    return std::string(tls_ != nullptr ? "https://" : "http://") + std::string(host) + ":" +
           std::to_string(port_);
}

void ScriptedServer::serve() {
    for (;;) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const std::lock_guard lock(mutex_);
        if (fd < 0 || stopping_) {
            if (fd >= 0)
                ::close(fd);
            return;
        }
        open_.push_back(fd);
        const int number = connections_++;
        threads_.emplace_back([this, fd, number] {
            {
                Peer peer(fd, tls_);
                if (!peer.secure() || SSL_accept(peer.tls_) == 1)
                    script_(peer, number);
            }
            const std::lock_guard inner(mutex_);
            std::erase(open_, fd);
            ::close(fd);
        });
    }
}

}  // namespace tidegate::upstream::test
