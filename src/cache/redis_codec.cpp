#include "cache/redis_codec.h"

#include <new>
#include <vector>

#include <hiredis/hiredis.h>

namespace tidegate::cache {
namespace {

Error malformed(std::string_view problem) {
    return {ErrorKind::malformed, ErrorSource::upstream, "Redis breaks its protocol: " + std::string(problem)};
}

RedisReply copy_of(const redisReply& from) {
    RedisReply reply;
    switch (from.type) {
        case REDIS_REPLY_NIL:
            reply.kind = RedisReply::Kind::nothing;
            break;
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
            reply.kind = RedisReply::Kind::text;
            reply.text.assign(from.str, from.len);
            break;
        case REDIS_REPLY_ERROR:
            reply.kind = RedisReply::Kind::error;
            reply.text.assign(from.str, from.len);
            break;
        case REDIS_REPLY_INTEGER:
            reply.kind = RedisReply::Kind::number;
            reply.number = from.integer;
            break;
        default:
            break;
    }
    return reply;
}

}  // namespace

void append_command(std::string& out, std::initializer_list<std::string_view> words) {
    std::vector<const char*> starts;
    std::vector<std::size_t> sizes;
    for (const std::string_view word : words) {
        starts.push_back(word.data());
        sizes.push_back(word.size());
    }
    char* command = nullptr;
    const int size =
        redisFormatCommandArgv(&command, static_cast<int>(starts.size()), starts.data(), sizes.data());
    if (size < 0)
        throw std::bad_alloc();
    out.append(command, static_cast<std::size_t>(size));
    redisFreeCommand(command);
}

RedisReplies::RedisReplies() : reader_(redisReaderCreate()) {
    if (!reader_)
        throw std::bad_alloc();
}

RedisReplies::~RedisReplies() = default;

void RedisReplies::Free::operator()(redisReader* reader) const {
    redisReaderFree(reader);
}

Result<void> RedisReplies::feed(std::string_view bytes) {
    if (reader_->len - reader_->pos + bytes.size() > kLargest)
        return malformed("a reply is larger than any answer that is kept there");
    if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK)
        return malformed(reader_->errstr);
    return {};
}

Result<std::optional<RedisReply>> RedisReplies::next() {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK)
        return malformed(reader_->errstr);
    if (raw == nullptr)
        return std::nullopt;
    const std::unique_ptr<void, void (*)(void*)> reply(raw, freeReplyObject);
    return copy_of(*static_cast<const redisReply*>(raw));
}

}  // namespace tidegate::cache
