#include "cache/flight.h"

#include <tidegate/cache/flights.h>

#include <utility>

namespace tidegate::cache {

Lead::Lead(Flights* flights, Key key, std::shared_ptr<Flight> flight)
    : flights_(flights), key_(key), flight_(std::move(flight)) {}

Lead::Lead(Lead&& other) noexcept
    : flights_(other.flights_), key_(other.key_), flight_(std::move(other.flight_)) {}

Lead& Lead::operator=(Lead&& other) noexcept {
    if (this != &other) {
        leave();
        flights_ = other.flights_;
        key_ = other.key_;
        flight_ = std::move(other.flight_);
    }
    return *this;
}

Lead::~Lead() {
    leave();
}

void Lead::leave() {
    if (!flight_)
        return;
    // First out of sight, so that whoever is woken does not find it again.
    if (flights_ != nullptr)
        flights_->remove(key_, *flight_);
    Flight::fail(flight_);
    flight_.reset();
}

void Lead::begin(Origin origin) {
    Flight::begin(flight_, std::move(origin));
}

void Lead::append(std::string_view bytes) {
    Flight::append(flight_, bytes);
}

std::shared_ptr<const Entry> Lead::land(Entry facts, std::string_view last_bytes) {
    return Flight::land(flight_, std::move(facts), last_bytes);
}

void Lead::land_stored(std::shared_ptr<const Entry> entry) {
    Flight::land_stored(flight_, std::move(entry));
}

Follower::Follower(async::IoThread& io, std::shared_ptr<Flight> flight)
    : reader_(std::make_unique<Reader>(io, std::move(flight))) {}

Follower::Follower(Follower&&) noexcept = default;
Follower& Follower::operator=(Follower&&) noexcept = default;
Follower::~Follower() = default;

Follower::News Follower::take() {
    return reader_->flight->take(*reader_);
}

const Origin& Follower::origin() const {
    return reader_->flight->origin();
}

namespace {

// Sleeps from construction to destruction, also if the coroutine around it is destroyed.
class Sleep {
  public:
    explicit Sleep(Reader& reader) : reader_(reader), asleep_(reader.flight->sleep(reader)) {}
    ~Sleep() {
        if (asleep_)
            reader_.flight->wake_up(reader_);
    }
    Sleep(const Sleep&) = delete;
    Sleep& operator=(const Sleep&) = delete;
    explicit operator bool() const { return asleep_; }

  private:
    Reader& reader_;
    bool asleep_;
};

}  // namespace

async::Task<void> Follower::wait(SteadyTime deadline, async::Cancellation& cancellation) {
    Reader& reader = *reader_;
    const auto stop = [&reader] { reader.signal.cancel(); };
    async::TimerWheel::Entry timer(reader.io.wheel(), stop);
    timer.arm(deadline);
    const async::Cancellation::Listener listener(cancellation, [&stop](async::CancelReason) { stop(); });
    const Sleep sleep(reader);
    if (!sleep || cancellation.cancelled())
        co_return;
    co_await reader.signal.async_wait(async::as_tuple);
}

std::variant<Lead, Follower> Flights::join(const Key& key, async::IoThread& io) {
    std::shared_ptr<Flight> joined;
    {
        Shard& shard = shard_of(key);
        const std::lock_guard lock(shard.mutex);
        std::shared_ptr<Flight>& flight = shard.flights[key];
        if (!flight || !flight->joinable()) {
            flight = std::make_shared<Flight>(buffered_);
            return Lead(this, key, flight);
        }
        joined = flight;
    }
    return Follower(io, std::move(joined));
}

Lead Flights::alone() {
    return {nullptr, Key{}, std::make_shared<Flight>(buffered_)};
}

Flights::Shard& Flights::shard_of(const Key& key) {
    // Another byte than those that the map hashes by.
    return shards_[key.back() % shards_.size()];
}

void Flights::remove(const Key& key, const Flight& flight) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.flights.find(key);
    if (found != shard.flights.end() && found->second.get() == &flight)
        shard.flights.erase(found);
}

}  // namespace tidegate::cache
