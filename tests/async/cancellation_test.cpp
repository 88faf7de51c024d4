#include <tidegate/async/cancellation.h>

#include <memory>

#include <gtest/gtest.h>

namespace tidegate::async {
namespace {

TEST(Cancellation, TellsEveryListenerOnceAndKeepsTheFirstReason) {
    Cancellation cancellation;
    int told = 0;
    const Cancellation::Listener one(cancellation, [&](CancelReason) { ++told; });
    const Cancellation::Listener two(cancellation, [&](CancelReason) { ++told; });
    cancellation.cancel(CancelReason::client_gone);
    cancellation.cancel(CancelReason::deadline);
    EXPECT_EQ(told, 2);
    EXPECT_EQ(cancellation.reason(), CancelReason::client_gone);
}

TEST(Cancellation, TellsALateListenerAtOnce) {
    Cancellation cancellation;
    cancellation.cancel(CancelReason::shutdown);
    bool told = false;
    const Cancellation::Listener late(cancellation, [&](CancelReason) { told = true; });
    EXPECT_TRUE(told);
}

TEST(Cancellation, ForgetsDestroyedListeners) {
    Cancellation cancellation;
    bool told = false;
    auto gone = std::make_unique<Cancellation::Listener>(cancellation, [&](CancelReason) { told = true; });
    gone.reset();
    cancellation.cancel(CancelReason::deadline);
    EXPECT_FALSE(told);
}

TEST(Cancellation, AListenerMayDestroyAnother) {
    Cancellation cancellation;
    bool told = false;
    auto other = std::make_unique<Cancellation::Listener>(cancellation, [&](CancelReason) { told = true; });
    const Cancellation::Listener first(cancellation, [&](CancelReason) { other.reset(); });
    cancellation.cancel(CancelReason::deadline);
    EXPECT_FALSE(told);
}

}  // namespace
}  // namespace tidegate::async
