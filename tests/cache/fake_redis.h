// A Redis on 127.0.0.1 whose answers are a function.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::cache::test {

using Command = std::vector<std::string>;

// One thread a connection; ended by the destructor.
class FakeRedis {
  public:
    // The bytes that answer a command. Empty: none, ever. With kHangUp at its end the connection ends behind
    // it.
    using Script = std::function<std::string(const Command&)>;
    static constexpr std::string_view kHangUp = "hang up";

    explicit FakeRedis(Script script, std::uint16_t port = 0);
    ~FakeRedis();
    FakeRedis(const FakeRedis&) = delete;
    FakeRedis& operator=(const FakeRedis&) = delete;

    std::uint16_t port() const { return port_; }
    int connections() const { return connections_; }
    std::vector<Command> commands() const;

  private:
    void accept();
    void serve(int fd);

    Script script_;
    int listener_;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_{0};
    mutable std::mutex mutex_;
    std::vector<Command> commands_;
    std::vector<int> open_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

std::string bulk(const std::string& text);

// Keeps what is set, and says of everything that `left_ms` are left of its time.
struct KeyValues {
    std::string operator()(const Command& command);

    std::mutex mutex;
    std::map<std::string, std::string> values;
    long left_ms = 0;
};

}  // namespace tidegate::cache::test
