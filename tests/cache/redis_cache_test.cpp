// Answers in Redis, and what becomes of calls when Redis is away, late or something else.
#include "cache/redis_cache.h"

#include "cache/entries.h"
#include "cache/fake_redis.h"

#include <tidegate/base/log.h>
#include <tidegate/cache/backend.h>

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::cache {
namespace {

using namespace std::chrono_literals;
using test::answer;
using test::Command;
using test::FakeRedis;
using test::key_of;
using test::KeyValues;
using Found = std::shared_ptr<const Entry>;

async::Task<> find(Cache& cache, Key key, Duration max_age, std::promise<Found>& found) {
    auto entry = co_await cache.find(key, max_age);
    found.set_value(std::move(entry));
}

async::Task<> store(Cache& cache, Key key, Found entry, std::promise<void>& stored) {
    co_await cache.store(key, std::move(entry), 10min);
    stored.set_value();
}

class RedisCacheTest : public testing::Test {
  protected:
    RedisCacheTest() {
        log::set_level(log::Level::error);
        io_.start();
    }
    ~RedisCacheTest() override { io_.stop(); }

    void connect(std::uint16_t port, RedisOptions options = {}) {
        options.host = "127.0.0.1";
        options.port = port;
        backend_ = std::make_unique<Backend>(Options(options), clock_);
        cache_ = backend_->open(io_);
    }
    Found find(std::string_view name, Duration max_age = 10min) {
        std::promise<Found> found;
        io_.run_and_wait([&] { io_.tasks().spawn(cache::find(*cache_, key_of(name), max_age, found)); });
        return found.get_future().get();
    }
    void store(std::string_view name, Found entry) {
        std::promise<void> stored;
        io_.run_and_wait(
            [&] { io_.tasks().spawn(cache::store(*cache_, key_of(name), std::move(entry), stored)); });
        stored.get_future().get();
    }
    std::uint64_t failures() const { return backend_->statistics().failures; }
    // The end of every task: the connection was given up.
    void wait_until_disconnected() {
        std::size_t tasks = 1;
        while (tasks > 0) io_.run_and_wait([&] { tasks = io_.tasks().size(); });
    }

    ManualClock clock_;
    std::unique_ptr<Backend> backend_;
    async::IoThread io_{"io", 0, clock_};
    std::unique_ptr<Cache> cache_;
    KeyValues values_;
    FakeRedis::Script script_ = [this](const Command& command) { return values_(command); };
};

TEST_F(RedisCacheTest, FindsWhatWasStored) {
    FakeRedis redis(script_);
    connect(redis.port());
    EXPECT_EQ(find("a"), nullptr);
    const auto entry = answer(std::string("binary \0 \r\n", 11));
    store("a", entry);
    const Found found = find("a");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(*found, *entry);
    EXPECT_EQ(find("b"), nullptr);
    EXPECT_EQ(failures(), 0U);
    EXPECT_EQ(redis.connections(), 1) << "one for all questions of a thread";
}

TEST_F(RedisCacheTest, NamesKeysByTheirHashAndTheFormOfTheValue) {
    FakeRedis redis(script_);
    connect(redis.port());
    store("a", answer("x"));
    const Command set = redis.commands().back();
    ASSERT_EQ(set.size(), 5U);
    EXPECT_EQ(set[1], "tidegate:answer:1:" + to_hex(key_of("a")));
    EXPECT_EQ(set[3], "PX");
    EXPECT_EQ(set[4], std::to_string((10min + 24h) / 1ms));
}

TEST_F(RedisCacheTest, GreetsWithPasswordAndDatabase) {
    FakeRedis redis(script_);
    connect(redis.port(), {.host = "", .user = "gate", .password = "secret", .database = 3});
    find("a");
    const std::vector<Command> commands = redis.commands();
    ASSERT_GE(commands.size(), 3U);
    EXPECT_EQ(commands[0], (Command{"AUTH", "gate", "secret"}));
    EXPECT_EQ(commands[1], (Command{"SELECT", "3"}));
    EXPECT_EQ(commands[2], (Command{"PING"}));
}

TEST_F(RedisCacheTest, CountsAgeByTheClockOfRedis) {
    FakeRedis redis(script_);
    connect(redis.port());
    store("a", answer("x"));
    values_.left_ms = (24h) / 1ms;  // ten minutes of it are over
    EXPECT_NE(find("a", 10min), nullptr);
    values_.left_ms -= 1;
    EXPECT_EQ(find("a", 10min), nullptr);
    EXPECT_NE(find("a", kHoweverOld), nullptr);
    clock_.advance(24h * 365);
    clock_.jump_wall(-24h * 365);
    EXPECT_EQ(find("a", 10min), nullptr);
    EXPECT_NE(find("a", 20min), nullptr);
}

TEST_F(RedisCacheTest, TakesNothingThatItHasNotWritten) {
    FakeRedis redis(script_);
    connect(redis.port());
    store("a", answer("x"));
    values_.values.begin()->second = "something else";
    EXPECT_EQ(find("a"), nullptr);
    EXPECT_EQ(find("a", kHoweverOld), nullptr);
}

TEST_F(RedisCacheTest, AsksManyAtTheSameTimeInTheirOrder) {
    FakeRedis redis(script_);
    connect(redis.port());
    for (int i = 0; i < 20; ++i) store(std::to_string(i), answer("body " + std::to_string(i)));
    std::vector<std::promise<Found>> promises(200);
    io_.run_and_wait([&] {
        for (std::size_t i = 0; i < promises.size(); ++i)
            io_.tasks().spawn(cache::find(*cache_, key_of(std::to_string(i % 20)), 10min, promises[i]));
    });
    for (std::size_t i = 0; i < promises.size(); ++i) {
        const Found found = promises[i].get_future().get();
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->body, "body " + std::to_string(i % 20));
    }
}

TEST_F(RedisCacheTest, CarriesLargeAnswers) {
    FakeRedis redis(script_);
    connect(redis.port());
    const auto entry = answer(std::string(2 << 20, 'x'));
    store("a", entry);
    const Found found = find("a");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->body, entry->body);
}

TEST_F(RedisCacheTest, MissesWhenNobodyListensAndDoesNotAskAgainForAMoment) {
    std::uint16_t port = 0;
    {
        port = FakeRedis(script_).port();
    }
    connect(port);
    EXPECT_EQ(find("a"), nullptr);
    EXPECT_EQ(failures(), 1U);
    wait_until_disconnected();
    FakeRedis redis(script_, port);
    EXPECT_EQ(find("a"), nullptr);
    EXPECT_EQ(redis.connections(), 0) << "it rests";
    EXPECT_EQ(failures(), 2U);
}

TEST_F(RedisCacheTest, ComesBackBesideTheQuestionsWhenRedisDoes) {
    std::uint16_t port = 0;
    {
        port = FakeRedis(script_).port();
    }
    connect(port);
    EXPECT_EQ(find("a"), nullptr);
    wait_until_disconnected();
    FakeRedis redis(script_, port);
    const auto entry = answer("x");
    Found found;
    while (found == nullptr) {  // ends when the greeting is answered; until then no question waits
        clock_.advance(RedisConnection::kRest);
        store("a", entry);
        found = find("a");
    }
    EXPECT_EQ(*found, *entry);
    EXPECT_EQ(redis.connections(), 1);
}

TEST_F(RedisCacheTest, MissesWhenRedisIsSilent) {
    FakeRedis redis([this](const Command& command) { return command[0] == "GET" ? "" : values_(command); });
    connect(redis.port());
    EXPECT_EQ(find("a"), nullptr);
    EXPECT_EQ(find("b"), nullptr);
    EXPECT_EQ(failures(), 2U);
    EXPECT_EQ(redis.connections(), 1);
}

TEST_F(RedisCacheTest, MissesWhenRedisHangsUpInTheMiddle) {
    FakeRedis redis([this](const Command& command) {
        return command[0] == "GET" ? std::string(FakeRedis::kHangUp) : values_(command);
    });
    connect(redis.port());
    EXPECT_EQ(find("a"), nullptr);
    EXPECT_EQ(failures(), 1U);
}

TEST_F(RedisCacheTest, MissesWhenThePasswordIsWrong) {
    FakeRedis redis([this](const Command& command) {
        return command[0] == "AUTH" ? "-WRONGPASS invalid username-password pair\r\n" : values_(command);
    });
    connect(redis.port(), {.host = "", .user = "", .password = "secret"});
    EXPECT_EQ(find("a"), nullptr);
    EXPECT_EQ(failures(), 1U);
}

TEST_F(RedisCacheTest, MissesWhenItIsNoRedis) {
    FakeRedis redis([](const Command&) { return "HTTP/1.1 400 Bad Request\r\n\r\n"; });
    connect(redis.port());
    EXPECT_EQ(find("a"), nullptr);
    EXPECT_EQ(failures(), 1U);
}

TEST_F(RedisCacheTest, MissesWhenAReplyHasNoEnd) {
    FakeRedis redis([this](const Command& command) {
        return command[0] == "GET" ? "$999999999\r\n" + std::string(40 << 20, 'x') : values_(command);
    });
    connect(redis.port());
    EXPECT_EQ(find("a"), nullptr);
    EXPECT_EQ(failures(), 1U);
}

TEST_F(RedisCacheTest, GoesOnWhenRedisHasNoRoom) {
    FakeRedis redis([this](const Command& command) {
        return command[0] == "SET" ? "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
                                   : values_(command);
    });
    connect(redis.port());
    store("a", answer("x"));
    EXPECT_EQ(failures(), 1U);
    EXPECT_EQ(find("a"), nullptr);
    EXPECT_EQ(failures(), 1U);
    EXPECT_EQ(redis.connections(), 1) << "it is not away";
}

TEST_F(RedisCacheTest, ConnectsAnewWithoutAFailureWhenRedisHasClosedAnIdleConnection) {
    FakeRedis redis([this](const Command& command) {
        const bool last = command[0] == "PTTL";
        return values_(command) + (last ? std::string(FakeRedis::kHangUp) : "");
    });
    connect(redis.port());
    store("a", answer("x"));
    EXPECT_NE(find("a"), nullptr);
    wait_until_disconnected();
    EXPECT_NE(find("a"), nullptr);
    EXPECT_EQ(redis.connections(), 2);
    EXPECT_EQ(failures(), 0U);
}

}  // namespace
}  // namespace tidegate::cache
