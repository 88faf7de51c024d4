#include "upstream/response_head.h"

#include <string>

#include <gtest/gtest.h>

namespace tidegate::upstream {
namespace {

TEST(HeadScanner, FindsTheSameEndAtEverySplit) {
    const std::string head = "HTTP/1.1 200 OK\r\na: b\r\n\r\n";
    const std::string bytes = head + std::string("\0 body\n", 7);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        HeadScanner scanner;
        HeadScanner::Status status = scanner.scan(std::string_view(bytes).substr(0, cut));
        EXPECT_EQ(status == HeadScanner::Status::complete, cut >= head.size()) << cut;
        if (status == HeadScanner::Status::need_more)
            status = scanner.scan(bytes);
        EXPECT_EQ(status, HeadScanner::Status::complete) << cut;
        EXPECT_EQ(scanner.size(), head.size());
    }
}

TEST(HeadScanner, RefusesBadLinesAtEverySplit) {
    for (const std::string& bytes :
         {std::string("HTTP/1.1 200 OK\na: b\r\n\r\n"), std::string("HTTP/1.1 200 OK\r\n folded\r\n\r\n"),
          std::string("HTTP/1.1 200 OK\r\na: b\r\n\tfolded\r\n\r\n"), std::string("a\0b\r\n\r\n", 7),
          std::string("\n")}) {
        for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
            HeadScanner scanner;
            HeadScanner::Status status = scanner.scan(std::string_view(bytes).substr(0, cut));
            if (status == HeadScanner::Status::need_more)
                status = scanner.scan(bytes);
            EXPECT_EQ(status, HeadScanner::Status::malformed) << bytes << " cut at " << cut;
        }
    }
}

TEST(ResponseHead, TellsStatusFieldsAndFraming) {
    ResponseHead head;
    ASSERT_TRUE(head.parse(
        "HTTP/1.1 429 Too Many\r\nRetry-After:  3 \r\nX: 1\r\nx: 2\r\nEmpty:\r\ncontent-length: 7\r\n\r\n",
        false));
    EXPECT_EQ(head.status(), 429);
    EXPECT_EQ(head.header("retry-after"), "3");
    EXPECT_EQ(head.header("x"), "1") << "the first of two";
    EXPECT_EQ(head.header("empty"), "");
    EXPECT_EQ(head.header("absent"), "");
    EXPECT_EQ(head.size(), 5U);
    EXPECT_EQ(head.body().expected(), 7U);
    EXPECT_TRUE(head.keep_alive());
}

TEST(ResponseHead, HasNoBodyAfterHeadNoContentAndNotModified) {
    ResponseHead head;
    ASSERT_TRUE(head.parse("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n", true));
    EXPECT_TRUE(head.body().done());
    ASSERT_TRUE(head.parse("HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n", false));
    EXPECT_TRUE(head.body().done());
    ASSERT_TRUE(head.parse("HTTP/1.1 204 No Content\r\n\r\n", false));
    EXPECT_TRUE(head.body().done());
    ASSERT_TRUE(head.parse("HTTP/1.1 200 OK\r\n\r\n", false));
    EXPECT_FALSE(head.body().done()) << "one that was used before keeps nothing";
    EXPECT_FALSE(head.keep_alive());
}

TEST(ResponseHead, RefusesMoreFieldsThanItsBound) {
    std::string text = "HTTP/1.1 200 OK\r\n";
    for (std::size_t i = 0; i <= ResponseHead::kMaxFields; ++i) text += "a: b\r\n";
    ResponseHead head;
    EXPECT_FALSE(head.parse(text + "\r\n", false));
    EXPECT_FALSE(head.problem().empty());
}

}  // namespace
}  // namespace tidegate::upstream
