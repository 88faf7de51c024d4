#include <tidegate/pipeline/cache_use.h>

namespace tidegate::pipeline {

std::string_view to_string(CacheResult result) {
    switch (result) {
        case CacheResult::bypass:
            return "bypass";
        case CacheResult::miss:
            return "miss";
        case CacheResult::hit:
            return "hit";
        case CacheResult::coalesced:
            return "coalesced";
        case CacheResult::stale:
            return "stale";
    }
    return "bypass";
}

std::string_view header_word(CacheResult result) {
    switch (result) {
        case CacheResult::coalesced:
        case CacheResult::stale:
            return "hit";
        default:
            return to_string(result);
    }
}

}  // namespace tidegate::pipeline
