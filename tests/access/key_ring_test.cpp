#include <tidegate/access/key_ring.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tidegate::access {
namespace {

KeyOptions key(std::string name, std::vector<std::string> credentials) {
    KeyOptions options;
    options.name = std::move(name);
    for (const std::string& credential : credentials) options.digests.push_back(digest_of(credential));
    return options;
}

TEST(KeyRing, FindsAKeyByItsWholeCredential) {
    KeyLimits limits;
    const KeyRing ring({key("a", {"secret-a"}), key("b", {"secret-b"})}, limits);
    ASSERT_NE(ring.find("secret-a"), nullptr);
    EXPECT_EQ(ring.find("secret-a")->name(), "a");
    EXPECT_EQ(ring.find("secret-b")->name(), "b");
    for (const char* wrong : {"", "secret-", "secret-c", "secret-aa", "Secret-a", " secret-a", "secret-a "})
        EXPECT_EQ(ring.find(wrong), nullptr) << wrong;
    EXPECT_EQ(ring.find(std::string("secret-a\0", 9)), nullptr);
}

TEST(KeyRing, TakesNoDigestForTheCredential) {
    KeyLimits limits;
    const KeyRing ring({key("a", {"secret-a"})}, limits);
    EXPECT_EQ(ring.find(to_hex(digest_of("secret-a"))), nullptr);
}

TEST(KeyRing, FindsTheSameKeyByTheOldAndTheNewCredential) {
    KeyLimits limits;
    const KeyRing ring({key("a", {"old", "new"})}, limits);
    EXPECT_NE(ring.find("old"), nullptr);
    EXPECT_EQ(ring.find("old"), ring.find("new"));
}

TEST(KeyRing, FindsNothingWithoutKeys) {
    EXPECT_TRUE(KeyRing().empty());
    EXPECT_EQ(KeyRing().find("a"), nullptr);
    EXPECT_EQ(KeyRing().find(""), nullptr);
}

// Other gateways have looked tokens up by a prefix.
TEST(KeyRing, MixesUpNoneOfManyCredentialsWithACommonBeginning) {
    constexpr int kKeys = 20'000;
    const auto credential = [](int i) { return fmt::format("tg_the-same-20-bytes-{}", i); };
    KeyLimits limits;
    std::vector<KeyOptions> keys;
    for (int i = 0; i < kKeys; ++i) keys.push_back(key(std::to_string(i), {credential(i)}));
    const KeyRing ring(std::move(keys), limits);
    for (int i = 0; i < kKeys; ++i) {
        const Key* found = ring.find(credential(i));
        ASSERT_NE(found, nullptr) << i;
        ASSERT_EQ(found->name(), std::to_string(i));
        ASSERT_EQ(ring.find(credential(kKeys + i)), nullptr) << i;
    }
}

TEST(KeyRing, LooksAtTheWholeDigest) {
    KeyLimits limits;
    Digest almost = digest_of("secret");
    almost.back() ^= 1U;
    KeyOptions options;
    options.name = "a";
    options.digests = {almost};
    EXPECT_EQ(KeyRing({options}, limits).find("secret"), nullptr);
}

TEST(Key, MayUseWhatItNamesAndNothingElse) {
    KeyLimits limits;
    KeyOptions options = key("a", {"secret"});
    options.features = {"search", "reply"};
    options.models = {"large"};
    const KeyRing ring({options}, limits);
    const Key& found = *ring.find("secret");
    EXPECT_TRUE(found.may_use_feature("reply"));
    EXPECT_TRUE(found.may_use_feature("search"));
    EXPECT_FALSE(found.may_use_feature("repl"));
    EXPECT_FALSE(found.may_use_feature("Reply"));
    EXPECT_FALSE(found.may_use_feature("large"));
    EXPECT_FALSE(found.may_use_feature(""));
    EXPECT_TRUE(found.may_use_model("large"));
    EXPECT_FALSE(found.may_use_model("reply"));
}

TEST(Key, KeepsItsCountsOverARingOfANewConfiguration) {
    KeyLimits limits;
    KeyOptions options = key("a", {"secret"});
    options.limits.concurrent = 2;
    options.limits.requests_per_minute = 100;
    auto before = std::make_unique<KeyRing>(std::vector{options}, limits);
    const SteadyTime now{};
    Admission held = before->find("secret")->admit(now);
    ASSERT_TRUE(held.permit);

    options.limits.concurrent = 1;
    const KeyRing after({options}, limits);
    before.reset();
    EXPECT_EQ(after.find("secret")->admit(now).limit, "concurrent");
    held.permit.release();
    EXPECT_TRUE(after.find("secret")->admit(now).permit);
}

TEST(Key, TakesTokensFreelyWithoutALimit) {
    KeyLimits limits;
    const KeyRing ring({key("a", {"secret"})}, limits);
    const Key& unlimited = *ring.find("secret");
    EXPECT_TRUE(unlimited.try_take_tokens(INT64_MAX, SteadyTime{}));
    unlimited.give_back_tokens(INT64_MAX);
    EXPECT_EQ(unlimited.wait_for_tokens(INT64_MAX, SteadyTime{}), Duration::zero());
}

}  // namespace
}  // namespace tidegate::access
