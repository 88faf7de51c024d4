// The access keys of a configuration.
#pragma once

#include <tidegate/access/key_limits.h>
#include <tidegate/access/options.h>
#include <tidegate/base/clock.h>
#include <tidegate/base/digest.h>
#include <tidegate/base/money.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tidegate::access {

// Whom a credential stands for, and what it may do. Immutable, any thread; what it counts is the process's.
class Key {
  public:
    // `limit` is the key's in the process and outlives it.
    Key(KeyOptions options, KeyLimit& limit);

    const std::string& name() const { return options_.name; }
    // Sorted.
    const std::vector<std::string>& features() const { return options_.features; }
    const std::vector<std::string>& models() const { return options_.models; }
    bool may_use_feature(std::string_view name) const;
    // Whether it may name a plain model, as the feature `direct`.
    bool may_use_model(std::string_view name) const;
    const Limits& limits() const { return options_.limits; }
    const std::optional<NanoDollars>& monthly() const { return options_.monthly; }

    // One request. Its permit is kept while the request is in progress.
    Admission admit(SteadyTime now) const { return limit_->admit(options_.limits, now); }

    // `tokens_per_minute`: the worst case is taken before a model is called, what it did not use is given back
    // after it. Always true without that limit.
    bool try_take_tokens(std::int64_t tokens, SteadyTime now) const;
    void give_back_tokens(std::int64_t tokens) const;
    // How long until so many fit; nothing if they never do.
    std::optional<Duration> wait_for_tokens(std::int64_t tokens, SteadyTime now) const;

  private:
    KeyOptions options_;
    KeyLimit* limit_;
};

// Immutable once built; lookups from any thread.
class KeyRing {
  public:
    KeyRing() = default;
    // `limits` outlives the ring.
    KeyRing(std::vector<KeyOptions> keys, KeyLimits& limits);

    bool empty() const { return keys_.empty(); }
    const std::vector<Key>& keys() const { return keys_; }
    // The key that the whole credential is the secret of; null if there is none. It lives as long as the ring.
    const Key* find(std::string_view credential) const;

  private:
    // The digest is as good as random, whoever chose the credential.
    struct Hash {
        std::size_t operator()(const Digest& digest) const;
    };
    struct Equal {
        bool operator()(const Digest& a, const Digest& b) const { return same_digest(a, b); }
    };

    std::vector<Key> keys_;
    std::unordered_map<Digest, std::size_t, Hash, Equal> by_digest_;
};

}  // namespace tidegate::access
