// A name server on 127.0.0.1 (UDP) whose answers are a function.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::upstream::test {

class DnsServer {
  public:
    struct Question {
        std::string name;
        bool v6 = false;  // AAAA
    };
    struct Answer {
        int code = 0;  // 0 no error, 2 SERVFAIL, 3 NXDOMAIN
        std::uint32_t ttl = 60;
        std::vector<std::string> addresses;  // of the family asked for
    };
    static Answer none() { return {}; }
    static Answer failure() { return {2, 0, {}}; }
    static Answer no_such_name() { return {3, 0, {}}; }

    // Nothing: the question is not answered.
    explicit DnsServer(std::function<std::optional<Answer>(const Question&)> answer);
    ~DnsServer();
    DnsServer(const DnsServer&) = delete;
    DnsServer& operator=(const DnsServer&) = delete;

    // "127.0.0.1:5353"
    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    int questions() const { return questions_; }
    void wait_for_questions(int count);

  private:
    void serve();

    std::function<std::optional<Answer>(const Question&)> answer_;
    int socket_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> questions_{0};
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace tidegate::upstream::test
