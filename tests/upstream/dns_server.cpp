#include "upstream/dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tidegate::upstream::test {
namespace {

void put16(std::string& out, std::size_t value) {
    out += static_cast<char>(value >> 8 & 0xff);
    out += static_cast<char>(value & 0xff);
}

std::string render(const std::string& asked, std::size_t question_end, const DnsServer::Answer& answer,
                   bool v6) {
    std::string out = asked.substr(0, 2);
    put16(out, 0x8580U | static_cast<unsigned>(answer.code));
    put16(out, 1);
    put16(out, answer.addresses.size());
    put16(out, 0);
    put16(out, 0);
    out += asked.substr(12, question_end - 12);
    for (const std::string& address : answer.addresses) {
        char bytes[16];
        ::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), bytes);
        put16(out, 0xc00c);  // the name of the question
        put16(out, v6 ? 28 : 1);
        put16(out, 1);
        put16(out, answer.ttl >> 16);
        put16(out, answer.ttl & 0xffff);
        put16(out, v6 ? 16 : 4);
        out.append(bytes, v6 ? 16 : 4);
    }
    return out;
}

}  // namespace

DnsServer::DnsServer(std::function<std::optional<Answer>(const Question&)> answer)
    : answer_(std::move(answer)) {
    socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    ::bind(socket_, reinterpret_cast<sockaddr*>(&where), size);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&where), &size);
    port_ = ntohs(where.sin_port);
    thread_ = std::thread([this] { serve(); });
}

DnsServer::~DnsServer() {
    stopping_ = true;
    // A datagram to itself ends the wait.
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    where.sin_port = htons(port_);
    ::sendto(socket_, "", 0, 0, reinterpret_cast<sockaddr*>(&where), sizeof where);
    thread_.join();
    ::close(socket_);
}

void DnsServer::wait_for_questions(int count) {
    while (questions_ < count) std::this_thread::yield();
}

void DnsServer::serve() {
    for (;;) {
        char bytes[2048];
        sockaddr_in from{};
        socklen_t size = sizeof from;
        const ssize_t got =
            ::recvfrom(socket_, bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &size);
        if (stopping_)
            return;
        if (got < 17)
            continue;
        const std::string asked(bytes, static_cast<std::size_t>(got));
        Question question;
        std::size_t at = 12;
        while (asked[at] != 0) {
            const auto label = static_cast<std::size_t>(asked[at]);
            if (!question.name.empty())
                question.name += '.';
            question.name += asked.substr(at + 1, label);
            at += label + 1;
        }
        question.v6 = asked[at + 2] == 28;
        const std::optional<Answer> answer = answer_(question);
        ++questions_;  // first: who has the answer may look at the count
        if (answer) {
            const std::string out = render(asked, at + 5, *answer, question.v6);
            ::sendto(socket_, out.data(), out.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
        }
    }
}

}  // namespace tidegate::upstream::test
