// What leader and followers of one call share.
#pragma once

#include <tidegate/async/io_threads.h>
#include <tidegate/cache/entry.h>
#include <tidegate/cache/flights.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>

namespace tidegate::cache {

// How far one follower has come, and what it sleeps on. Belongs to the follower's I/O thread.
struct Reader {
    using Signal =
        boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                          boost::asio::wait_traits<std::chrono::steady_clock>, async::Executor>;

    Reader(async::IoThread& thread, std::shared_ptr<Flight> joined);

    async::IoThread& io;
    const std::shared_ptr<Flight> flight;
    Signal signal;
    std::size_t next = 0;   // number of the piece that comes next
    std::size_t taken = 0;  // bytes
};

// The leader writes from its I/O thread, followers read from theirs, all under one lock that is held for the
// time of a few pointers. Wakes are posted, one an I/O thread however many followers it has.
class Flight {
  public:
    // `buffered` counts the bytes that all flights hold; it outlives them.
    explicit Flight(std::atomic<std::size_t>& buffered) : buffered_(buffered) {}
    ~Flight();
    Flight(const Flight&) = delete;
    Flight& operator=(const Flight&) = delete;

    // The leader's side. `self` is this flight, kept alive by the wakes that are on their way.
    static void begin(const std::shared_ptr<Flight>& self, Origin origin);
    static void append(const std::shared_ptr<Flight>& self, std::string_view bytes);
    static std::shared_ptr<const Entry> land(const std::shared_ptr<Flight>& self, Entry facts,
                                             std::string_view last_bytes);
    static void land_stored(const std::shared_ptr<Flight>& self, std::shared_ptr<const Entry> entry);
    // Does nothing if it has landed.
    static void fail(const std::shared_ptr<Flight>& self);

    // Whether one that comes now gets all of it.
    bool joinable() const;

    // The followers' side.
    Follower::News take(Reader& reader);
    // Valid once something was taken.
    const Origin& origin() const { return origin_; }
    // False if there is news already. Otherwise the reader's signal is cancelled on its thread when there is,
    // unless it was taken out before.
    bool sleep(Reader& reader);
    void wake_up(Reader& reader);

  private:
    enum class State { open, landed, failed };
    // Followers of one I/O thread that sleep.
    struct Bed {
        async::IoThread* io;
        std::vector<Reader*> sleepers;
        bool posted = false;  // a wake is on its way
    };

    void add(std::string_view bytes);
    void trim();
    void drop_pieces();
    std::string joined(std::string_view last_bytes) const;
    bool has_news(const Reader& reader) const;
    static void wake_all(const std::shared_ptr<Flight>& self);
    void wake_those_of(async::IoThread& io);

    std::atomic<std::size_t>& buffered_;
    mutable std::mutex mutex_;
    State state_ = State::open;
    Origin origin_;  // set before the first piece, never changed after
    std::deque<std::shared_ptr<const std::string>> pieces_;
    std::size_t first_ = 0;  // number of the first piece that is held; more than 0: earlier ones are lost
    std::size_t bytes_ = 0;  // of the pieces held
    std::shared_ptr<const Entry> entry_;
    bool stored_ = false;
    std::vector<Bed> beds_;
};

}  // namespace tidegate::cache
