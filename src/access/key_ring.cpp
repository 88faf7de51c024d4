#include <tidegate/access/key_ring.h>

#include <algorithm>
#include <cstring>

namespace tidegate::access {

Key::Key(KeyOptions options, KeyLimit& limit) : options_(std::move(options)), limit_(&limit) {
    std::sort(options_.features.begin(), options_.features.end());
    std::sort(options_.models.begin(), options_.models.end());
}

bool Key::may_use_feature(std::string_view name) const {
    return std::binary_search(options_.features.begin(), options_.features.end(), name, std::less<>());
}

bool Key::may_use_model(std::string_view name) const {
    return std::binary_search(options_.models.begin(), options_.models.end(), name, std::less<>());
}

bool Key::try_take_tokens(std::int64_t tokens, SteadyTime now) const {
    return !options_.limits.tokens_per_minute ||
           limit_->try_take_tokens(tokens, *options_.limits.tokens_per_minute, now);
}

void Key::give_back_tokens(std::int64_t tokens) const {
    if (options_.limits.tokens_per_minute)
        limit_->give_back_tokens(tokens);
}

std::optional<Duration> Key::wait_for_tokens(std::int64_t tokens, SteadyTime now) const {
    if (!options_.limits.tokens_per_minute)
        return Duration::zero();
    return limit_->wait_for_tokens(tokens, *options_.limits.tokens_per_minute, now);
}

KeyRing::KeyRing(std::vector<KeyOptions> keys, KeyLimits& limits) {
    keys_.reserve(keys.size());
    for (KeyOptions& options : keys) {
        for (const Digest& digest : options.digests) by_digest_.emplace(digest, keys_.size());
        KeyLimit& limit = limits.of(options.name);
        keys_.emplace_back(std::move(options), limit);
    }
}

const Key* KeyRing::find(std::string_view credential) const {
    if (keys_.empty())
        return nullptr;
    const auto found = by_digest_.find(digest_of(credential));
    return found == by_digest_.end() ? nullptr : &keys_[found->second];
}

std::size_t KeyRing::Hash::operator()(const Digest& digest) const {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
}

}  // namespace tidegate::access
