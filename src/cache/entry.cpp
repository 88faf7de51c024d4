#include <tidegate/cache/entry.h>

namespace tidegate::cache {

std::size_t memory_of(const Entry& entry) {
    std::size_t tripped = entry.origin.tripped.capacity() * sizeof(Tripped);
    for (const Tripped& one : entry.origin.tripped)
        tripped += one.guardrail.capacity() + one.category.capacity();
    return sizeof entry + tripped + entry.origin.call_id.capacity() + entry.origin.variant.capacity() +
           entry.origin.fallback_entry.capacity() + entry.origin.fallback_reason.capacity() +
           entry.model.capacity() + entry.finish.capacity() + entry.body.capacity();
}

}  // namespace tidegate::cache
