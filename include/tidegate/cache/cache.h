// Answers by their key, wherever they are kept.
#pragma once

#include <tidegate/async/task.h>
#include <tidegate/base/clock.h>
#include <tidegate/base/digest.h>
#include <tidegate/cache/entry.h>

#include <cstddef>
#include <cstring>
#include <memory>

namespace tidegate::cache {

// A SHA-256 over everything that the answer depends on, and over who may see it.
using Key = Digest;
// Its bytes are a hash already.
struct KeyHash {
    std::size_t operator()(const Key& key) const {
        std::size_t hash;
        std::memcpy(&hash, key.data(), sizeof hash);
        return hash;
    }
};

// As `max_age`: whatever is still held.
inline constexpr Duration kHoweverOld = Duration::max();

// Belongs to one I/O thread; what is behind it is shared by all of them. It never fails: what cannot be had in
// a moment is a miss, what cannot be stored in one is not stored.
class Cache {
  public:
    virtual ~Cache() = default;
    // The answer, if it was stored no longer than `max_age` ago; null if there is none.
    virtual async::Task<std::shared_ptr<const Entry>> find(Key key, Duration max_age) = 0;
    // Replaces what was there. `ttl`: for how long it will be asked for; it may be held longer, for
    // kHoweverOld, and less long where there is no room.
    virtual async::Task<void> store(Key key, std::shared_ptr<const Entry> entry, Duration ttl) = 0;
};

}  // namespace tidegate::cache
