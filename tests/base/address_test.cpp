#include <tidegate/base/address.h>

#include <gtest/gtest.h>

namespace tidegate {
namespace {

TEST(Loopback, IsWhatOnlyThisMachineReaches) {
    for (const char* address : {"127.0.0.1:8080", "127.1.2.3:0", "[::1]:8080"})
        EXPECT_TRUE(is_loopback(address)) << address;
    for (const char* address : {"0.0.0.0:8080", "[::]:8080", "192.168.0.1:1", "10.0.0.1:127", "localhost:1", "",
                                "::1", "127.0.0.1.evil:1", "[::ffff:1.2.3.4]:1"})
        EXPECT_FALSE(is_loopback(address)) << address;
}

}  // namespace
}  // namespace tidegate
