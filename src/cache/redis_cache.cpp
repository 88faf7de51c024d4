#include "cache/redis_cache.h"

#include "cache/entry_codec.h"

#include <tidegate/base/log.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::cache {
namespace {

using std::chrono::milliseconds;

constexpr Duration kBetweenComplaints = std::chrono::minutes{1};

std::string name_of(const Key& key) {
    return fmt::format("tidegate:answer:{}:{}", kEntryForm, to_hex(key));
}

// By Redis' own clock: what is left of the time for which it was to be held. Nothing if it is held for ever,
// which we never ask for, or has just gone.
std::optional<Duration> age_of(const DecodedEntry& decoded, const RedisReply& left) {
    if (left.kind != RedisReply::Kind::number || left.number < 0)
        return std::nullopt;
    return std::max(decoded.held_for - milliseconds{left.number}, milliseconds{0});
}

}  // namespace

RedisCache::RedisCache(async::IoThread& io, const RedisOptions& options, RedisHealth& health)
    : io_(io), health_(health), connection_(std::make_shared<RedisConnection>(io, options, health)) {}

async::Task<std::shared_ptr<const Entry>> RedisCache::find(Key key, Duration max_age) {
    const std::string name = name_of(key);
    std::string commands;
    append_command(commands, {"GET", name});
    append_command(commands, {"PTTL", name});
    const auto replies = co_await RedisConnection::ask(connection_, std::move(commands), 2);
    if (!replies)
        co_return nullptr;
    const RedisReply& value = replies->front();
    if (value.kind == RedisReply::Kind::error)
        complain(value.text);
    if (value.kind != RedisReply::Kind::text)
        co_return nullptr;
    DecodedEntry decoded = decode(value.text);
    const auto age = age_of(decoded, replies->back());
    if (max_age != kHoweverOld && (!age || *age > max_age))
        co_return nullptr;
    co_return std::move(decoded.entry);
}

async::Task<void> RedisCache::store(Key key, std::shared_ptr<const Entry> entry, Duration ttl) {
    const std::string name = name_of(key);
    const auto held_for = std::chrono::ceil<milliseconds>(ttl + kHeldLonger);
    std::string command;
    append_command(command, {"SET", name, encode(*entry, held_for), "PX", std::to_string(held_for.count())});
    const auto replies = co_await RedisConnection::ask(connection_, std::move(command), 1);
    if (replies && replies->front().kind == RedisReply::Kind::error)
        complain(replies->front().text);
}

void RedisCache::complain(std::string_view of) {
    ++health_.failures;
    const SteadyTime now = io_.clock().steady();
    if (now < next_complaint_)
        return;
    next_complaint_ = now + kBetweenComplaints;
    log::warn("cache", "Redis refuses: {}", of);
}

}  // namespace tidegate::cache
