// A decision does not allocate: counted by replacing the allocator of this program. ThreadSanitizer brings its
// own, which cannot be replaced beside it.
#if !__has_feature(thread_sanitizer)
#include "flags/read_flag.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

namespace {
std::atomic<std::size_t> allocations{0};
}  // namespace

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace tidegate::flags {
namespace {

TEST(Decide, DoesNotAllocate) {
    const ReadFlag read(
        "targeting:\n"
        "  - {name: a, when: {plan: {not: free}, country: [DE, FR]}, serve: small}\n"
        "  - {name: b, when: {seats: {above: 5}, app: {semver: '>=2.1.0'}}, serve: {next: 10, stable: 90}}\n"
        "serve: stable\n");
    Attributes attributes;
    attributes.set("plan", std::string("a plan with a name too long for a small string"));
    attributes.set("seats", std::string("10"));
    attributes.set("app", std::string("2.10.0-rc.1+build.7"));
    const Context context{
        .user = "a-user-with-a-long-identifier@example.com", .conversation = {}, .attributes = &attributes};
    const std::size_t before = allocations;
    const Decision decision = decide(read.flag, context);
    EXPECT_EQ(allocations - before, 0U);
    EXPECT_EQ(decision.rule, "b");
    EXPECT_GT(before, 0U) << "the count is alive";
}

}  // namespace
}  // namespace tidegate::flags

#endif
