#include "http/client.h"

#include <tidegate/base/text.h>

#include <algorithm>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tidegate::http {
namespace {

std::string field_of(std::string_view head, std::string_view name) {
    std::size_t at = head.find("\r\n");
    while (at != std::string_view::npos) {
        at += 2;
        const std::size_t end = head.find("\r\n", at);
        if (end == std::string_view::npos)
            break;
        const std::string_view line = head.substr(at, end - at);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name)) {
            return std::string(trim(line.substr(colon + 1)));
        }
        at = end;
    }
    return {};
}

}  // namespace

Client::Client(const std::string& address, int receive_buffer) {
    const std::size_t colon = address.rfind(':');
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
    inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0)
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
        close();
}

Client::~Client() {
    close();
}

bool Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Client::send_bytewise(std::string_view bytes) {
    for (const char& c : bytes) {
        if (!send({&c, 1}))
            return false;
    }
    return true;
}

void Client::end_sending() {
    ::shutdown(socket_, SHUT_WR);
}

void Client::close() {
    if (socket_ >= 0)
        ::close(socket_);
    socket_ = -1;
}

void Client::reset() {
    const linger abort{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    close();
}

bool Client::fill() {
    char bytes[16 * 1024];
    const ssize_t size = ::recv(socket_, bytes, sizeof bytes, 0);
    if (size <= 0)
        return false;
    buffer_.append(bytes, static_cast<std::size_t>(size));
    return true;
}

std::string Client::read_until(std::string_view mark) {
    for (;;) {
        const std::size_t at = buffer_.find(mark);
        if (at != std::string::npos) {
            std::string result = buffer_.substr(0, at + mark.size());
            buffer_.erase(0, result.size());
            return result;
        }
        if (!fill())
            return std::exchange(buffer_, {});
    }
}

std::string Client::read_to_end() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
}

bool Client::closed() {
    return !fill() && buffer_.empty();
}

std::size_t Client::read_some(std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t got = ::recv(socket_, bytes.data(), size, 0);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::string Client::Answer::header(std::string_view name) const {
    return field_of(head, name);
}

Client::Answer Client::read_answer(bool to_head) {
    Answer answer;
    answer.head = read_until("\r\n\r\n");
    if (!answer.head.starts_with("HTTP/1.1 "))
        return answer;
    answer.status = std::stoi(answer.head.substr(9, 3));
    if (to_head || answer.status < 200 || answer.status == 204 || answer.status == 304) {
        answer.complete = true;
        return answer;
    }
    if (answer.header("transfer-encoding") == "chunked") {
        for (;;) {
            const std::string line = read_until("\r\n");
            if (!line.ends_with("\r\n"))
                return answer;
            const std::size_t size = std::stoul(line, nullptr, 16);
            while (buffer_.size() < size + 2) {
                if (!fill())
                    return answer;
            }
            answer.body += buffer_.substr(0, size);
            buffer_.erase(0, size + 2);
            if (size == 0)
                break;
        }
        answer.complete = true;
        return answer;
    }
    const std::string length = answer.header("content-length");
    if (length.empty()) {
        answer.body = read_to_end();
        answer.complete = true;
        return answer;
    }
    const std::size_t size = std::stoul(length);
    while (buffer_.size() < size) {
        if (!fill())
            return answer;
    }
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    answer.complete = true;
    return answer;
}

}  // namespace tidegate::http
