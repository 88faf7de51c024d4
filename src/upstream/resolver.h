// Host names to addresses: c-ares on the thread's own event loop, answers kept as long as the name server says.
#pragma once

#include <tidegate/async/io_threads.h>
#include <tidegate/base/result.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

struct ares_channeldata;
struct ares_addrinfo;

namespace tidegate::upstream {

namespace asio = boost::asio;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, async::Executor>;

// What is known of one name. Belongs to the thread.
struct HostRecord {
    std::string host;
    std::vector<asio::ip::address> addresses;  // the last good answer, in the order to try
    std::uint64_t generation = 0;              // counts answers that differ
    SteadyTime due{};                          // when to ask again
    bool asking = false;
    std::optional<Error> error;                  // of the last question, if it failed
    std::vector<Timer*> waiting;                 // woken when the question is answered
    std::optional<asio::ip::address> preferred;  // the last one that let us connect

    bool holds(const asio::ip::address& address) const;
};

// Belongs to one I/O thread. A name is asked for again when its time is over (floor 1 s, ceiling 5 min). If the
// servers fail or are silent the last good answer stays in use; if they say that the name does not exist it
// does not.
class Resolver {
  public:
    Resolver(async::IoThread& thread, const std::string& servers, Duration timeout);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    std::shared_ptr<HostRecord> record(const std::string& host);
    // Asks for the name if it is due and not being asked for.
    void refresh(const std::shared_ptr<HostRecord>& record);
    // Returns when the question is answered, or when `signal` is cancelled.
    static async::Task<> wait(std::shared_ptr<HostRecord> record, Timer& signal);
    // Forgets names that nobody uses any more.
    void sweep();

  private:
    // One socket of c-ares, watched. The handlers share it, because they may run after it has gone.
    struct Watch {
        Watch(Resolver* owner, async::Executor executor, int fd) : resolver(owner), descriptor(executor, fd) {}
        Resolver* resolver;  // null: no longer
        asio::posix::basic_stream_descriptor<async::Executor> descriptor;
        bool wants_read = false;
        bool wants_write = false;
        bool reading = false;
        bool writing = false;
    };
    struct Query;

    static void on_socket(void* self, int fd, int readable, int writable);
    static void on_answer(void* query, int status, int timeouts, ares_addrinfo* result);
    static void watch(const std::shared_ptr<Watch>& watched);
    void answered(HostRecord& record, int status, const ares_addrinfo* result);
    void failed(HostRecord& record, int status);
    void process(int read_fd, int write_fd);
    void arm();

    async::IoThread& thread_;
    ares_channeldata* channel_ = nullptr;
    std::optional<Error> broken_;  // c-ares did not start
    std::size_t asking_ = 0;
    async::TimerWheel::Entry timer_;
    std::unordered_map<std::string, std::shared_ptr<HostRecord>> records_;
    std::unordered_map<int, std::shared_ptr<Watch>> watches_;
};

}  // namespace tidegate::upstream
