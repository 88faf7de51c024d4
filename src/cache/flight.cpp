#include "cache/flight.h"

#include <algorithm>

#include <boost/asio/post.hpp>

namespace tidegate::cache {

Reader::Reader(async::IoThread& thread, std::shared_ptr<Flight> joined)
    : io(thread),
      flight(std::move(joined)),
      signal(thread.executor(), std::chrono::steady_clock::time_point::max()) {}

Flight::~Flight() {
    drop_pieces();
}

void Flight::begin(const std::shared_ptr<Flight>& self, Origin origin) {
    const std::lock_guard lock(self->mutex_);
    self->origin_ = std::move(origin);
}

void Flight::append(const std::shared_ptr<Flight>& self, std::string_view bytes) {
    if (bytes.empty())
        return;
    const std::lock_guard lock(self->mutex_);
    self->add(bytes);
    self->trim();
    wake_all(self);
}

std::shared_ptr<const Entry> Flight::land(const std::shared_ptr<Flight>& self, Entry facts,
                                          std::string_view last_bytes) {
    const bool whole = self->first_ == 0;  // only this side changes it
    std::shared_ptr<const Entry> entry;
    if (whole) {
        facts.body = self->joined(last_bytes);
        entry = std::make_shared<const Entry>(std::move(facts));
    }
    const std::lock_guard lock(self->mutex_);
    self->state_ = State::landed;
    if (whole) {
        // Where a piece was taken its reader may be looking at the origin now.
        if (self->pieces_.empty())
            self->origin_ = entry->origin;
        self->entry_ = entry;
        self->drop_pieces();
    } else if (!last_bytes.empty()) {
        self->add(last_bytes);
    }
    wake_all(self);
    return entry;
}

void Flight::land_stored(const std::shared_ptr<Flight>& self, std::shared_ptr<const Entry> entry) {
    const std::lock_guard lock(self->mutex_);
    self->state_ = State::landed;
    self->stored_ = true;
    self->origin_ = entry->origin;
    self->entry_ = std::move(entry);
    wake_all(self);
}

void Flight::fail(const std::shared_ptr<Flight>& self) {
    const std::lock_guard lock(self->mutex_);
    if (self->state_ != State::open)
        return;
    self->state_ = State::failed;
    wake_all(self);
}

bool Flight::joinable() const {
    const std::lock_guard lock(mutex_);
    return first_ == 0 && state_ != State::failed;
}

Follower::News Flight::take(Reader& reader) {
    std::vector<std::shared_ptr<const std::string>> pieces;
    Follower::News news;
    {
        const std::lock_guard lock(mutex_);
        if (state_ == State::failed || (!entry_ && reader.next < first_)) {
            news.state = Follower::State::failed;
            return news;
        }
        news.state = state_ == State::landed ? Follower::State::landed : Follower::State::open;
        news.entry = entry_;
        news.stored = stored_;
        if (!entry_)
            pieces.assign(pieces_.begin() + static_cast<std::ptrdiff_t>(reader.next - first_), pieces_.end());
    }
    if (news.entry && reader.taken > 0)
        news.bytes = news.entry->body.substr(reader.taken);
    for (const auto& piece : pieces) news.bytes += *piece;
    reader.next += pieces.size();
    reader.taken += news.bytes.size();
    return news;
}

bool Flight::sleep(Reader& reader) {
    const std::lock_guard lock(mutex_);
    if (has_news(reader))
        return false;
    auto bed = std::find_if(beds_.begin(), beds_.end(), [&](const Bed& one) { return one.io == &reader.io; });
    if (bed == beds_.end())
        bed = beds_.insert(bed, Bed{&reader.io, {}});
    bed->sleepers.push_back(&reader);
    return true;
}

void Flight::wake_up(Reader& reader) {
    const std::lock_guard lock(mutex_);
    for (Bed& bed : beds_) std::erase(bed.sleepers, &reader);
}

// The others are under the lock, but for `joined`, which reads what only its own side changes.

void Flight::add(std::string_view bytes) {
    pieces_.push_back(std::make_shared<const std::string>(bytes));
    bytes_ += bytes.size();
    buffered_.fetch_add(bytes.size(), std::memory_order_relaxed);
}

void Flight::trim() {
    const auto too_much = [&] {
        return bytes_ > kLargestEntry || buffered_.load(std::memory_order_relaxed) > Flights::kMostBuffered;
    };
    while (pieces_.size() > 1 && too_much()) {
        bytes_ -= pieces_.front()->size();
        buffered_.fetch_sub(pieces_.front()->size(), std::memory_order_relaxed);
        pieces_.pop_front();
        ++first_;
    }
}

void Flight::drop_pieces() {
    buffered_.fetch_sub(bytes_, std::memory_order_relaxed);
    bytes_ = 0;
    pieces_.clear();
}

std::string Flight::joined(std::string_view last_bytes) const {
    std::string body;
    body.reserve(bytes_ + last_bytes.size());
    for (const auto& piece : pieces_) body += *piece;
    body += last_bytes;
    return body;
}

bool Flight::has_news(const Reader& reader) const {
    return state_ != State::open || reader.next < first_ + pieces_.size();
}

void Flight::wake_all(const std::shared_ptr<Flight>& self) {
    for (Bed& bed : self->beds_) {
        if (bed.sleepers.empty() || bed.posted)
            continue;
        bed.posted = true;
        boost::asio::post(bed.io->context(), [self, io = bed.io] { self->wake_those_of(*io); });
    }
}

// On the thread of these readers: none of them can go in between.
void Flight::wake_those_of(async::IoThread& io) {
    std::vector<Reader*> sleepers;
    {
        const std::lock_guard lock(mutex_);
        for (Bed& bed : beds_) {
            if (bed.io != &io)
                continue;
            bed.posted = false;
            sleepers.swap(bed.sleepers);
        }
    }
    for (Reader* const reader : sleepers) reader->signal.cancel();
}

}  // namespace tidegate::cache
