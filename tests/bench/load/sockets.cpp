#include "sockets.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

}  // namespace

void fail(std::string_view what) {
    std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(), std::strerror(errno));
    std::exit(1);
}

int listen_on(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const sockaddr_in address = loopback(port);
    if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail("bind");
    if (::listen(descriptor, 65535) != 0)
        fail("listen");
    return descriptor;
}

int connect_to(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        fail("socket");
    set_no_delay(descriptor);
    const sockaddr_in address = loopback(port);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS) {
        fail("connect");
    }
    return descriptor;
}

void set_no_delay(int descriptor) {
    const int yes = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

void raise_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void sharpen_timers() {
    ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

struct Poller::Storage {
    epoll_event events[capacity];
};

Poller::Poller() : descriptor_(::epoll_create1(EPOLL_CLOEXEC)), storage_(new Storage) {}

void Poller::add(int descriptor, bool output) {
    epoll_event event{};
    event.events = EPOLLIN | (output ? EPOLLOUT : 0U);
    event.data.fd = descriptor;
    if (::epoll_ctl(descriptor_, EPOLL_CTL_ADD, descriptor, &event) != 0)
        fail("epoll");
}

void Poller::change(int descriptor, bool output) {
    epoll_event event{};
    event.events = EPOLLIN | (output ? EPOLLOUT : 0U);
    event.data.fd = descriptor;
    if (::epoll_ctl(descriptor_, EPOLL_CTL_MOD, descriptor, &event) != 0)
        fail("epoll");
}

int Poller::wait(std::int64_t nanoseconds) {
    const timespec time{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    const int count =
        ::epoll_pwait2(descriptor_, storage_->events, capacity, nanoseconds < 0 ? nullptr : &time, nullptr);
    if (count < 0 && errno != EINTR)
        fail("epoll");
    return count < 0 ? 0 : count;
}

Poller::Event Poller::event(int number) const {
    const epoll_event& event = storage_->events[number];
    return {event.data.fd, (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0,
            (event.events & EPOLLOUT) != 0};
}

bool write_some(int descriptor, const std::string& data, std::size_t& sent) {
    while (sent < data.size()) {
        const ssize_t count = ::send(descriptor, data.data() + sent, data.size() - sent, MSG_NOSIGNAL);
        if (count < 0)
            return errno == EAGAIN || errno == EINTR;
        sent += static_cast<std::size_t>(count);
    }
    return true;
}

}  // namespace bench
