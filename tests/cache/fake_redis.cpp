#include "cache/fake_redis.h"

#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tidegate::cache::test {
namespace {

// Reads commands as clients send them: "*2\r\n$3\r\nGET\r\n$1\r\na\r\n".
class CommandReader {
  public:
    explicit CommandReader(int fd) : fd_(fd) {}

    // Empty at the end of the connection.
    Command next() {
        Command command;
        const std::size_t words = number();
        for (std::size_t i = 0; i < words; ++i) command.push_back(bytes(number()));
        return at_end_ ? Command{} : command;
    }

  private:
    std::size_t number() {
        std::size_t end = input_.find("\r\n");
        while (end == std::string::npos && more()) end = input_.find("\r\n");
        if (at_end_)
            return 0;
        const std::size_t number = std::stoul(input_.substr(1, end - 1));
        input_.erase(0, end + 2);
        return number;
    }

    std::string bytes(std::size_t size) {
        while (input_.size() < size + 2 && more()) {
        }
        if (at_end_)
            return {};
        std::string taken = input_.substr(0, size);
        input_.erase(0, size + 2);
        return taken;
    }

    bool more() {
        char buffer[65536];
        const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
        at_end_ = size <= 0;
        if (!at_end_)
            input_.append(buffer, static_cast<std::size_t>(size));
        return !at_end_;
    }

    int fd_;
    std::string input_;
    bool at_end_ = false;
};

}  // namespace

FakeRedis::FakeRedis(Script script, std::uint16_t port)
    : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0)
        throw std::runtime_error("no port for the fake Redis");
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept(); });
}

FakeRedis::~FakeRedis() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
}

std::vector<Command> FakeRedis::commands() const {
    const std::lock_guard lock(mutex_);
    return commands_;
}

void FakeRedis::accept() {
    for (;;) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0)
            return;
        ++connections_;
        const std::lock_guard lock(mutex_);
        open_.push_back(fd);
        threads_.emplace_back([this, fd] { serve(fd); });
    }
}

void FakeRedis::serve(int fd) {
    CommandReader reader(fd);
    for (Command command = reader.next(); !command.empty(); command = reader.next()) {
        {
            const std::lock_guard lock(mutex_);
            commands_.push_back(command);
        }
        std::string answer = script_(command);
        const bool last = answer.ends_with(kHangUp);
        if (last)
            answer.resize(answer.size() - kHangUp.size());
        ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
        if (last)
            break;
    }
    const std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    ::close(fd);
}

std::string bulk(const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

std::string KeyValues::operator()(const Command& command) {
    const std::lock_guard lock(mutex);
    if (command[0] == "PING")
        return "+PONG\r\n";
    if (command[0] == "SET") {
        values[command[1]] = command[2];
        left_ms = std::stol(command[4]);
        return "+OK\r\n";
    }
    const auto found = values.find(command[1]);
    if (command[0] == "GET")
        return found == values.end() ? "$-1\r\n" : bulk(found->second);
    if (command[0] == "PTTL")
        return ":" + std::to_string(found == values.end() ? -2 : left_ms) + "\r\n";
    return "+OK\r\n";
}

}  // namespace tidegate::cache::test
