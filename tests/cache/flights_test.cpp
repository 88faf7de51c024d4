// One call for all who ask for the same at the same time.
#include "cache/entries.h"

#include <tidegate/cache/flights.h>

#include <future>
#include <optional>
#include <vector>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace tidegate::cache {
namespace {

using namespace std::chrono_literals;
using test::answer;
using test::key_of;
using State = Follower::State;

// What a follower has read when it ends.
struct Read {
    State state = State::open;  // still open: its deadline came, or it was cancelled
    std::string bytes;
    std::shared_ptr<const Entry> entry;
    Origin origin;
    bool stored = false;
};

struct Reading {
    Follower follower;
    SteadyTime deadline;
    async::Cancellation* cancellation = nullptr;
    const Clock* clock = nullptr;
    std::promise<void> first;  // something was read
    std::promise<Read> end;
};

async::Task<> read(std::shared_ptr<Reading> reading) {
    async::Cancellation none;
    async::Cancellation& cancellation = reading->cancellation != nullptr ? *reading->cancellation : none;
    Read read;
    bool first = true;
    while (read.state == State::open) {
        Follower::News news = reading->follower.take();
        read.state = news.state;
        read.bytes += news.bytes;
        read.entry = news.entry;
        read.stored = news.stored;
        if (first && !news.bytes.empty()) {
            first = false;
            read.origin = reading->follower.origin();
            reading->first.set_value();
        }
        if (read.state != State::open)
            break;
        if (cancellation.cancelled() || reading->clock->steady() >= reading->deadline)
            break;
        if (news.bytes.empty())
            co_await reading->follower.wait(reading->deadline, cancellation);
    }
    if (read.entry)
        read.origin = reading->follower.origin();
    reading->end.set_value(std::move(read));
}

class FlightsTest : public testing::Test {
  protected:
    FlightsTest() {
        one_.start();
        two_.start();
    }
    ~FlightsTest() override {
        one_.stop();
        two_.stop();
    }

    Lead lead(std::string_view name = "a") { return std::get<Lead>(flights_.join(key_of(name), one_)); }
    Follower follower(async::IoThread& io, std::string_view name = "a") {
        return std::get<Follower>(flights_.join(key_of(name), io));
    }
    std::shared_ptr<Reading> begin_reading(async::IoThread& io, Duration patience = 1h,
                                           async::Cancellation* cancellation = nullptr) {
        auto reading = std::make_shared<Reading>(
            Reading{follower(io), clock_.steady() + patience, cancellation, &clock_, {}, {}});
        io.run_and_wait([&] { io.tasks().spawn(read(reading)); });
        return reading;
    }
    static Entry facts(std::string call_id = "leader") {
        Entry entry;
        entry.origin.call_id = std::move(call_id);
        entry.stream = true;
        return entry;
    }

    ManualClock clock_;
    Flights flights_;
    async::IoThread one_{"one", 0, clock_};
    async::IoThread two_{"two", 1, clock_};
};

TEST_F(FlightsTest, LetTheFirstLeadAndTheOthersFollow) {
    const Lead first = lead();
    EXPECT_TRUE(std::holds_alternative<Follower>(flights_.join(key_of("a"), one_)));
    EXPECT_TRUE(std::holds_alternative<Follower>(flights_.join(key_of("a"), two_)));
    EXPECT_TRUE(std::holds_alternative<Lead>(flights_.join(key_of("b"), two_)));
}

TEST_F(FlightsTest, GiveFollowersOfAnyThreadTheStreamAsItComes) {
    Lead leader = lead();
    const auto here = begin_reading(one_);
    const auto there = begin_reading(two_);
    leader.begin({"leader", "stable", "", "", {}});
    leader.append("data: a\n\n");
    here->first.get_future().get();  // before the answer is complete
    there->first.get_future().get();
    leader.append("data: b\n\n");
    const auto entry = leader.land(facts(), "data: c\n\n");
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->body, "data: a\n\ndata: b\n\ndata: c\n\n");
    for (const auto& reading : {here, there}) {
        const Read read = reading->end.get_future().get();
        EXPECT_EQ(read.state, State::landed);
        EXPECT_EQ(read.bytes, entry->body);
        EXPECT_EQ(read.entry, entry);
        EXPECT_EQ(read.origin.variant, "stable");
        EXPECT_FALSE(read.stored);
    }
}

TEST_F(FlightsTest, GiveWhoComesLateAllOfIt) {
    Lead leader = lead();
    leader.begin({"leader", "stable", "", "", {}});
    leader.append("one ");
    leader.append("two ");
    Follower late = follower(two_);
    EXPECT_EQ(late.take().bytes, "one two ");
    leader.append("three");
    EXPECT_EQ(late.take().bytes, "three");
    EXPECT_EQ(late.take().bytes, "") << "nothing twice";
    const auto entry = leader.land(facts(), "");
    const auto news = late.take();
    EXPECT_EQ(news.state, State::landed);
    EXPECT_EQ(news.bytes, "");
    EXPECT_EQ(entry->body, "one two three");
}

TEST_F(FlightsTest, ShareAWholeAnswerWithoutCopies) {
    Lead leader = lead();
    Follower waiting = follower(two_);
    const auto entry = leader.land(facts(), "{}");
    const auto news = waiting.take();
    EXPECT_EQ(news.state, State::landed);
    EXPECT_EQ(news.entry, entry);
    EXPECT_EQ(news.bytes, "");
    EXPECT_EQ(waiting.origin().call_id, "leader");
}

TEST_F(FlightsTest, SayWhenTheAnswerWasStoredBefore) {
    Lead leader = lead();
    Follower waiting = follower(two_);
    const auto entry = answer("{}");
    leader.land_stored(entry);
    const auto news = waiting.take();
    EXPECT_TRUE(news.stored);
    EXPECT_EQ(news.entry, entry);
    EXPECT_EQ(waiting.origin(), entry->origin);
}

TEST_F(FlightsTest, CanBeJoinedUntilTheLeadIsGiven) {
    std::optional<Lead> leader = lead();
    leader->land(facts(), "{}");
    Follower late = follower(two_);  // while the answer is being stored
    EXPECT_EQ(late.take().state, State::landed);
    leader.reset();
    EXPECT_TRUE(std::holds_alternative<Lead>(flights_.join(key_of("a"), one_)));
    EXPECT_EQ(late.take().state, State::landed) << "who has joined is not disturbed";
}

TEST_F(FlightsTest, TellFollowersThatTheLeaderHasLeft) {
    std::optional<Lead> leader = lead();
    const auto reading = begin_reading(two_);
    leader.reset();
    const Read read = reading->end.get_future().get();
    EXPECT_EQ(read.state, State::failed);
    EXPECT_EQ(read.bytes, "");
}

TEST_F(FlightsTest, EndAStreamThatHasBegunWhenTheLeaderLeaves) {
    std::optional<Lead> leader = lead();
    const auto reading = begin_reading(two_);
    leader->append("data: a\n\n");
    reading->first.get_future().get();
    leader.reset();
    const Read read = reading->end.get_future().get();
    EXPECT_EQ(read.state, State::failed);
    EXPECT_EQ(read.bytes, "data: a\n\n");
}

struct Relay {
    Relay(Flights& all, const Clock& time, int followers) : flights(all), clock(time), count(followers) {}

    Flights& flights;
    const Clock& clock;
    const int count;
    std::atomic<int> leaders{0};
    std::atomic<int> landed{0};
    std::atomic<int> ended{0};
    std::promise<void> all_ended;
};

// Follows; leads if it must, and then succeeds.
async::Task<> take_part(std::shared_ptr<Relay> relay, async::IoThread& io, Follower follower) {
    async::Cancellation none;
    const SteadyTime deadline = relay->clock.steady() + 1h;
    std::optional<Follower> joined = std::move(follower);
    while (joined) {
        const auto news = joined->take();
        if (news.state == State::landed) {
            ++relay->landed;
            break;
        }
        if (news.state == State::failed) {
            auto seat = relay->flights.join(key_of("a"), io);
            if (auto* lead = std::get_if<Lead>(&seat)) {
                ++relay->leaders;
                lead->land(Entry{}, "{}");
                break;
            }
            joined = std::move(std::get<Follower>(seat));
            continue;
        }
        co_await joined->wait(deadline, none);
    }
    if (++relay->ended == relay->count)
        relay->all_ended.set_value();
}

TEST_F(FlightsTest, LetExactlyOneFollowerLeadWhenTheLeaderFails) {
    std::optional<Lead> leader = lead();
    const auto relay = std::make_shared<Relay>(flights_, clock_, 200);
    std::vector<Follower> followers;
    for (int i = 0; i < relay->count; ++i) followers.push_back(follower(i % 2 == 0 ? one_ : two_));
    for (int i = 0; i < relay->count; ++i) {
        async::IoThread& io = i % 2 == 0 ? one_ : two_;
        io.run_and_wait(
            [&] { io.tasks().spawn(take_part(relay, io, std::move(followers[static_cast<std::size_t>(i)]))); });
    }
    EXPECT_EQ(relay->ended, 0);
    leader.reset();
    relay->all_ended.get_future().get();
    // One that comes when the new leader has landed and gone may lead again: it finds the answer stored.
    EXPECT_GE(relay->leaders, 1);
    EXPECT_EQ(relay->leaders + relay->landed, relay->count);
}

TEST_F(FlightsTest, LeaveWhoIsLateToItsOwnDeadline) {
    Lead leader = lead();
    const auto reading = begin_reading(two_, 5s);
    const auto patient = begin_reading(two_, 1h);
    clock_.advance(6s);
    EXPECT_EQ(reading->end.get_future().get().state, State::open);
    leader.land(facts(), "{}");
    EXPECT_EQ(patient->end.get_future().get().state, State::landed);
}

TEST_F(FlightsTest, LeaveWhoIsCancelledAlone) {
    Lead leader = lead();
    async::Cancellation cancellation;
    const auto leaving = begin_reading(two_, 1h, &cancellation);
    const auto staying = begin_reading(two_);
    two_.run_and_wait([&] { cancellation.cancel(async::CancelReason::client_gone); });
    EXPECT_EQ(leaving->end.get_future().get().state, State::open);
    leader.land(facts(), "{}");
    EXPECT_EQ(staying->end.get_future().get().state, State::landed);
}

TEST_F(FlightsTest, KeepABoundedPartOfAStreamThatHasNoEnd) {
    Lead leader = lead();
    leader.begin({"leader", "stable", "", "", {}});
    const std::string piece(1 << 20, 'x');
    Follower quick = follower(one_);
    Follower slow = follower(two_);
    std::size_t read = 0;
    for (std::size_t sent = 0; sent < 2 * kLargestEntry; sent += piece.size()) {
        leader.append(piece);
        read += quick.take().bytes.size();
    }
    EXPECT_EQ(read, 2 * kLargestEntry);
    EXPECT_EQ(slow.take().state, State::failed) << "too far behind";
    EXPECT_TRUE(std::holds_alternative<Lead>(flights_.join(key_of("a"), one_))) << "nobody can get all of it";
    EXPECT_EQ(leader.land(facts(), "end"), nullptr);
    const auto news = quick.take();
    EXPECT_EQ(news.state, State::landed);
    EXPECT_EQ(news.bytes, "end");
}

TEST_F(FlightsTest, KeepABoundedPartOfAllStreamsTogether) {
    const std::string piece(1 << 20, 'x');
    std::vector<Lead> leads;
    for (std::size_t i = 0; i < Flights::kMostBuffered / kLargestEntry; ++i) {
        leads.push_back(lead(std::to_string(i)));
        for (std::size_t sent = 0; sent < kLargestEntry; sent += piece.size()) leads.back().append(piece);
    }
    Lead one_more = lead("more");
    one_more.append("first");
    one_more.append("second");
    EXPECT_EQ(one_more.land(facts(), ""), nullptr) << "no room to keep all of it";
    leads.clear();
    Lead again = lead("again");
    again.append("first");
    again.append("second");
    EXPECT_NE(again.land(facts(), ""), nullptr) << "the room is free again";
}

TEST_F(FlightsTest, GiveAThousandFollowersTheSameBytes) {
    Lead leader = lead();
    std::vector<std::shared_ptr<Reading>> readings;
    for (int i = 0; i < 1000; ++i) readings.push_back(begin_reading(i % 2 == 0 ? one_ : two_));
    leader.begin({"leader", "stable", "", "", {}});
    for (int i = 0; i < 200; ++i) leader.append("data: " + std::to_string(i) + "\n\n");
    const auto entry = leader.land(facts(), "data: [DONE]\n\n");
    for (const auto& reading : readings) {
        const Read read = reading->end.get_future().get();
        EXPECT_EQ(read.state, State::landed);
        EXPECT_TRUE(read.bytes == entry->body || (read.bytes.empty() && read.entry == entry));
    }
}

TEST_F(FlightsTest, LeadAloneWithoutFollowers) {
    Lead alone = flights_.alone();
    const Lead leader = lead();
    alone.append("a");
    const auto entry = alone.land(facts(), "b");
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->body, "ab");
    EXPECT_EQ(follower(two_).take().state, State::open) << "of the other leader";
}

}  // namespace
}  // namespace tidegate::cache
