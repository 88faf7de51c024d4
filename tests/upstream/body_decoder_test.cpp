#include <tidegate/upstream/body_decoder.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tidegate::upstream {
namespace {

using Status = BodyDecoder::Status;

struct Decoded {
    Status status = Status::need_more;
    std::string body;
    std::string rest;
    bool operator==(const Decoded&) const = default;
};

// Feeds the pieces one after the other, as reads from a socket would.
Decoded decode(BodyDecoder decoder, const std::vector<std::string>& pieces) {
    Decoded decoded;
    for (const std::string& bytes : pieces) {
        std::string_view input = bytes;
        std::string_view piece;
        decoded.status = decoder.next(input, piece);
        while (decoded.status == Status::data) {
            decoded.body += piece;
            decoded.status = decoder.next(input, piece);
        }
        decoded.rest += input;
    }
    return decoded;
}

// The same bytes cut at every place, and one by one, must give the same.
Decoded decode_every_way(const BodyDecoder& decoder, const std::string& bytes) {
    const Decoded whole = decode(decoder, {bytes});
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        EXPECT_EQ(decode(decoder, {bytes.substr(0, cut), bytes.substr(cut)}).body, whole.body)
            << "cut at " << cut;
        EXPECT_EQ(decode(decoder, {bytes.substr(0, cut), bytes.substr(cut)}).status, whole.status)
            << "cut at " << cut;
    }
    std::vector<std::string> single;
    for (const char c : bytes) single.emplace_back(1, c);
    const Decoded slow = decode(decoder, single);
    EXPECT_EQ(slow.body, whole.body);
    EXPECT_EQ(slow.status, whole.status);
    return whole;
}

TEST(BodyDecoder, EndsAtOnceWithoutABody) {
    EXPECT_EQ(decode(BodyDecoder(), {"next"}), (Decoded{Status::end, "", "next"}));
    EXPECT_EQ(decode(BodyDecoder::length(0), {""}), (Decoded{Status::end, "", ""}));
}

TEST(BodyDecoder, TakesAsManyBytesAsDeclaredAndLeavesTheRest) {
    EXPECT_EQ(decode_every_way(BodyDecoder::length(5), "hello"), (Decoded{Status::end, "hello", ""}));
    EXPECT_EQ(decode_every_way(BodyDecoder::length(5), "hello+surplus"),
              (Decoded{Status::end, "hello", "+surplus"}));
    EXPECT_EQ(decode_every_way(BodyDecoder::length(5), "hell").status, Status::need_more);
}

TEST(BodyDecoder, ReadsUntilTheConnectionCloses) {
    const BodyDecoder decoder = BodyDecoder::until_close();
    EXPECT_EQ(decode_every_way(decoder, "anything"), (Decoded{Status::need_more, "anything", ""}));
    EXPECT_TRUE(decoder.complete_at_close());
    EXPECT_FALSE(BodyDecoder::length(1).complete_at_close());
    EXPECT_FALSE(BodyDecoder::chunked().complete_at_close());
}

TEST(BodyDecoder, JoinsChunksAtEverySplit) {
    EXPECT_EQ(decode_every_way(BodyDecoder::chunked(), "5\r\nhello\r\nA\r\n, world!!!\r\n0\r\n\r\n"),
              (Decoded{Status::end, "hello, world!!!", ""}));
    EXPECT_EQ(decode_every_way(BodyDecoder::chunked(), "0\r\n\r\nHTTP/1.1"),
              (Decoded{Status::end, "", "HTTP/1.1"}));
}

TEST(BodyDecoder, ReadsOverExtensionsAndTrailers) {
    EXPECT_EQ(
        decode_every_way(BodyDecoder::chunked(), "2;name=\"x\"\r\nhi\r\n0 ; a\r\nx-check: 1\r\ny: 2\r\n\r\n"),
        (Decoded{Status::end, "hi", ""}));
}

class BadChunks : public testing::TestWithParam<std::string> {};

TEST_P(BadChunks, AreMalformedAtEverySplit) {
    EXPECT_EQ(decode_every_way(BodyDecoder::chunked(), GetParam()).status, Status::malformed);
}

INSTANTIATE_TEST_SUITE_P(BodyDecoder, BadChunks,
                         testing::Values("\r\n", "g\r\n", "-1\r\n", "+5\r\nhello\r\n", "0x5\r\nhello\r\n",
                                         " 5\r\nhello\r\n", "5\nhello\n", "5\r\nhelloX\r\n",
                                         "5\r\nhello\n0\r\n", "5\r\nhello\rX", "5;a\nhello", "5;a\rX",
                                         "1_0\r\n", "ffffffffffffffff\r\n", "0000000000000005\r\nhello\r\n",
                                         "0\r\nx\n\r\n", "0\r\n\rX", "0\r\n\n", std::string("5\0\r\n", 4),
                                         std::string("0\r\nx: \0\r\n\r\n", 11),
                                         "5;" + std::string(300, 'a') + "\r\nhello\r\n"));

TEST(BodyDecoder, BoundsExtensionsOfAllChunksTogether) {
    std::string bytes;
    for (int i = 0; i < 100; ++i) bytes += "1;" + std::string(200, 'e') + "\r\nx\r\n";
    EXPECT_EQ(decode(BodyDecoder::chunked(), {bytes}).status, Status::malformed);
}

TEST(BodyDecoder, BoundsTrailers) {
    const std::string long_trailer = "0\r\nx: " + std::string(9'000, 'a') + "\r\n\r\n";
    EXPECT_EQ(decode(BodyDecoder::chunked(), {long_trailer}).status, Status::malformed);
}

TEST(BodyDecoder, StaysBrokenOnceItIs) {
    BodyDecoder decoder = BodyDecoder::chunked();
    std::string_view piece;
    std::string_view bad = "zz";
    EXPECT_EQ(decoder.next(bad, piece), Status::malformed);
    std::string_view good = "0\r\n\r\n";
    EXPECT_EQ(decoder.next(good, piece), Status::malformed);
    EXPECT_FALSE(decoder.complete_at_close());
}

}  // namespace
}  // namespace tidegate::upstream
