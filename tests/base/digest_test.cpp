#include <tidegate/base/digest.h>

#include <gtest/gtest.h>

namespace tidegate {
namespace {

// FIPS 180-4, and the digest of nothing.
constexpr std::string_view kOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view kOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Digest, IsSha256) {
    EXPECT_EQ(to_hex(digest_of("abc")), kOfAbc);
    EXPECT_EQ(to_hex(digest_of("")), kOfNothing);
}

TEST(Digest, IsReadInEitherCase) {
    EXPECT_EQ(parse_digest(kOfAbc), digest_of("abc"));
    EXPECT_EQ(parse_digest("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"),
              digest_of("abc"));
}

TEST(Digest, IsNothingElse) {
    const std::string hex(kOfAbc);
    for (const std::string& wrong : {std::string(), hex.substr(1), hex + "0", " " + hex.substr(1),
                                     "g" + hex.substr(1), "0x" + hex.substr(2)})
        EXPECT_EQ(parse_digest(wrong), std::nullopt) << wrong;
}

TEST(Digest, DiffersInAnyByte) {
    const Digest digest = digest_of("abc");
    EXPECT_TRUE(same_digest(digest, digest_of("abc")));
    for (std::size_t i = 0; i < digest.size(); ++i) {
        Digest other = digest;
        other[i] ^= 1U;
        EXPECT_FALSE(same_digest(digest, other)) << i;
    }
}

}  // namespace
}  // namespace tidegate
