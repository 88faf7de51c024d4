// Identical requests at the same time make one call: the first leads, the others read its answer as it comes.
#pragma once

#include <tidegate/async/cancellation.h>
#include <tidegate/async/io_threads.h>
#include <tidegate/async/task.h>
#include <tidegate/base/clock.h>
#include <tidegate/cache/cache.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

namespace tidegate::cache {

class Flight;
class Flights;
struct Reader;

// The side of the call that is made. Belongs to one request. Destroyed without an answer, or with one that was
// never landed, it leaves its followers to themselves: those that have read nothing join anew, so that exactly
// one of them leads.
class Lead {
  public:
    Lead(Lead&& other) noexcept;
    Lead& operator=(Lead&& other) noexcept;
    ~Lead();

    // Of a stream: the first content leaves; no other entry of the chain can answer any more.
    void begin(Origin origin);
    // The next events of it. Takes no time for slow followers, and keeps at most kLargestEntry of them (less if
    // all flights together hold more than Flights::kMostBuffered): a follower that is further behind than that
    // loses its stream, and nobody joins any more.
    void append(std::string_view bytes);
    // The answer is complete: what was appended, and `last_bytes`, as the body of `facts`. Returns it, or
    // nothing if it was too large to be kept. Whoever asks for the same joins until the lead is destroyed: keep
    // it until the answer is stored.
    std::shared_ptr<const Entry> land(Entry facts, std::string_view last_bytes);
    // No call was needed.
    void land_stored(std::shared_ptr<const Entry> entry);

  private:
    friend class Flights;
    Lead(Flights* flights, Key key, std::shared_ptr<Flight> flight);
    void leave();

    Flights* flights_;  // null: alone, nobody can join
    Key key_;
    std::shared_ptr<Flight> flight_;  // null: moved from
};

// The side of one that waits. Belongs to one request on its I/O thread, and reads at its own speed.
class Follower {
  public:
    enum class State {
        open,    // more will come
        landed,  // the answer is complete
        failed,  // there is no answer, or the follower is too far behind it
    };
    struct News {
        State state = State::open;
        // What came since the last time. Empty if the answer landed before any of it was taken: then all of it
        // stands in `entry`.
        std::string bytes;
        std::shared_ptr<const Entry> entry;  // the whole answer, if it has landed and could be kept
        bool stored = false;                 // it came from the cache
    };

    Follower(Follower&&) noexcept;
    Follower& operator=(Follower&&) noexcept;
    ~Follower();

    // What there is now; does not wait.
    News take();
    // Of what was taken. Valid once bytes or an entry were.
    const Origin& origin() const;
    // Returns when there is news, at `deadline` (coarse, by the timer wheel), or when cancelled.
    async::Task<void> wait(SteadyTime deadline, async::Cancellation& cancellation);

  private:
    friend class Flights;
    Follower(async::IoThread& io, std::shared_ptr<Flight> flight);

    std::unique_ptr<Reader> reader_;
};

// All of the process; survives reloads. Any thread. Outlives every lead, every follower and the I/O threads.
class Flights {
  public:
    // Of streams in progress, in bytes.
    static constexpr std::size_t kMostBuffered = 256 << 20;

    // Either the first with this key, or a follower of the first.
    std::variant<Lead, Follower> join(const Key& key, async::IoThread& io);
    // For a call that must be made whoever else makes it, and whose answer is to be kept.
    Lead alone();

  private:
    friend class Lead;
    struct Shard {
        std::mutex mutex;
        std::unordered_map<Key, std::shared_ptr<Flight>, KeyHash> flights;
    };

    Shard& shard_of(const Key& key);
    void remove(const Key& key, const Flight& flight);

    std::array<Shard, 16> shards_;
    std::atomic<std::size_t> buffered_{0};
};

}  // namespace tidegate::cache
