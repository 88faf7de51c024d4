// What the cache does for one request.
#pragma once

#include <tidegate/cache/cache.h>
#include <tidegate/cache/flights.h>

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::pipeline {

// In the order of metrics::kCacheResults.
enum class CacheResult {
    bypass,     // not asked
    miss,       // nothing to answer with was there
    hit,        // an earlier answer
    coalesced,  // the answer to the same request at the same time
    stale,      // an answer older than its time: the budget allowed nothing else
};
// "coalesced", as recorded and counted.
std::string_view to_string(CacheResult result);
// "hit", "miss" or "bypass", as `x-tidegate-cache` says it.
std::string_view header_word(CacheResult result);

// Filled by the stage `cache`.
struct CacheUse {
    std::optional<CacheResult> result;  // nothing: the request did not come so far
    std::optional<cache::Key> key;      // nothing: its answer is neither found nor kept
    bool wants_fresh = false;           // the client takes no earlier answer
    std::optional<cache::Lead> lead;    // what is answered goes to those who wait for the same, and is kept
    std::string source;                 // the call that the answer was made for, if it was another
};

}  // namespace tidegate::pipeline
